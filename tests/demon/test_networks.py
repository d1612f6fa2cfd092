"""Networks from files: NumPy archives and ONNX models."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hand_made import plan, smode4

from thermosim.demon import build
from thermosim.demon.evaluate import evaluate
from thermosim.engine.simulator import run
from thermosim.errors import NetlistError

PORTS = {"reads": {"y": ("y[0]", "y[1]")}, "writes": {"d": ("d[0]", "d[1]")}}


def layers(sizes=(2, 5, 2), seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(sizes))
    return [rng.normal(size=(out, into)) for into, out in pairs], [rng.normal(size=out) for _, out in pairs]


def archive(path, weights, biases, **more):
    arrays = {f"W{k}": w for k, w in enumerate(weights)} | {f"b{k}": b for k, b in enumerate(biases)}
    np.savez(path, **arrays, **more)
    return path


def network(path, **options):
    return plan(**PORTS, program="network", options={"network": str(path), **options})


def message(thing):
    with pytest.raises(NetlistError) as caught:
        build(thing)
    return str(caught.value)


def test_a_network_from_an_archive_writes_its_output(tmp_path):
    weights, biases = layers()
    path = archive(tmp_path / "net.npz", weights, biases, activation=np.array("relu"))
    controller = build(network(path, input_scale=0.1, output_scale=2.0))
    y = np.array([[0.03, -0.2], [0.05, 0.1]])
    hidden = np.maximum(weights[0] @ (y / 0.1) + biases[0][:, None], 0)
    writes, _ = controller.act({"y": y}, 0, None, None)
    np.testing.assert_allclose(writes["d"], 2 * (weights[1] @ hidden + biases[1][:, None]))
    assert controller.arithmetic.macs == 20 + 4
    assert controller.arithmetic.bytes_read == 4 * (20 + 7 + 4 + 2)


def test_an_energy_network_has_one_output_and_gives_its_force(tmp_path):
    path = archive(tmp_path / "net.npz", *layers((2, 5, 1)))
    law = build(network(path, output="energy")).law
    assert law.network.output == "energy"
    assert evaluate(law.network, np.zeros((2, 3))).shape == (2, 3)
    assert message(network(path, output="score")) == "controllers.demon.network: the network has 1 outputs; expected 2"
    two = archive(tmp_path / "two.npz", *layers())
    start = "controllers.demon.network: "
    assert (
        message(network(two, output="energy")) == start + "an energy network ends in one number; the last layer has 2"
    )


def test_a_score_demon_can_use_a_network_for_its_target(tmp_path):
    sizes = (4, 8, 4)
    path = archive(tmp_path / "net.npz", *layers(sizes))
    demon = smode4().controllers[0]
    plain = build(demon).law
    learned = build(plan(**{**demon.__dict__, "options": {"network": str(path)}})).law
    np.testing.assert_array_equal(learned.gain, plain.gain)
    np.testing.assert_array_equal(learned.linear, plain.linear)
    assert learned.network.weights[0].shape == (8, 4)


def test_what_does_not_fit_is_said(tmp_path):
    weights, biases = layers()
    start = "controllers.demon.network: "
    wide = archive(tmp_path / "a.npz", [weights[0], weights[1][:, :4]], biases)
    assert message(network(wide)) == start + "W1 has shape (2, 4); expected (any, 5) for 5 outputs of layer 0"
    first = archive(tmp_path / "b.npz", *layers((3, 5, 2)))
    assert message(network(first)) == start + "W0 has shape (5, 3); expected (any, 2) for 2 reads"
    short = archive(tmp_path / "c.npz", weights, [biases[0][:2], biases[1]])
    assert message(network(short)) == start + "b0 has shape (2,); expected (5,), the rows of W0"
    nan = archive(tmp_path / "d.npz", weights, [biases[0] * np.nan, biases[1]])
    assert message(network(nan)) == start + "layer 0 holds a value that is not finite"
    np.savez(tmp_path / "e.npz", W0=weights[0], b0=biases[0], W1=weights[1])
    assert message(network(tmp_path / "e.npz")).endswith("e.npz: array b1 is missing; it holds W0, W1, b0")
    assert message(network(tmp_path / "none.npz")).endswith("none.npz: no such file")
    assert message(network(tmp_path / "net.h5")).endswith("net.h5: expected a file that ends in .npz or .onnx")
    (tmp_path / "f.npz").write_text("no archive")
    assert "f.npz: not an .npz file of plain arrays" in message(network(tmp_path / "f.npz"))
    np.savez(tmp_path / "g.npz", W0=np.array([object()]), b0=np.zeros(1))
    assert "g.npz: not an .npz file of plain arrays" in message(network(tmp_path / "g.npz"))  # pickles are not opened
    good = archive(tmp_path / "h.npz", weights, biases)
    path = "controllers.demon."
    assert (
        message(network(good, activation="tanj"))
        == path + "activation: unknown activation 'tanj'; did you mean 'tanh'?"
    )
    assert message(network(good, input_scale=0)) == path + "input_scale: 0: expected a number above 0"
    assert message(network(good, gain=2)).startswith(
        path + "gain: unknown option 'gain' of program 'network'; these exist:"
    )


def model(path, nodes, initializers, inputs=2, outputs=2):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    make = onnx.helper
    graph = make.make_graph(
        [make.make_node(kind, ins, [out], **more) for kind, ins, out, more in nodes],
        "net",
        [make.make_tensor_value_info("in", onnx.TensorProto.FLOAT, ["batch", inputs])],
        [make.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["batch", outputs])],
        [onnx.numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in initializers.items()],
    )
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9), str(path))
    return path


def test_a_dense_chain_in_onnx_becomes_arrays(tmp_path):
    weights, biases = layers()
    path = model(
        tmp_path / "net.onnx",
        [
            ("Gemm", ["in", "A", "a"], "h", {"transB": 1}),
            ("Tanh", ["h"], "t", {}),
            ("MatMul", ["t", "B"], "m", {}),
            ("Add", ["m", "b"], "out", {}),
        ],
        {"A": weights[0], "a": biases[0], "B": weights[1].T, "b": biases[1]},
    )
    lifted = build(network(path)).law.network
    expected = build(network(archive(tmp_path / "net.npz", weights, biases))).law.network
    y = np.random.default_rng(2).normal(size=(2, 6))
    np.testing.assert_allclose(evaluate(lifted, y), evaluate(expected, y), rtol=1e-5, atol=1e-6)
    # onnxruntime is the referee of what the file means.
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(
        evaluate(lifted, y), session.run(None, {"in": y.T.astype(np.float32)})[0].T, rtol=1e-4, atol=1e-5
    )


def test_another_graph_in_onnx_is_run_by_onnxruntime_and_closes_the_loop(tmp_path):
    weight = np.array([[1.0, 2.0, 0, 0], [0.0, 3.0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    path = model(
        tmp_path / "net.onnx",
        [("MatMul", ["in", "W"], "h", {}), ("Sin", ["h"], "s", {}), ("Mul", ["s", "c"], "out", {})],
        {"W": weight.T, "c": np.array([-0.5])},
        4,
        4,
    )
    demon = smode4().controllers[0]
    written = plan(**{**demon.__dict__, "program": "network", "options": {"network": str(path), "input_scale": 0.1}})
    controller = build(written)
    assert controller.law is None
    y = np.random.default_rng(3).normal(size=(4, 5)) * 0.1
    writes, _ = controller.act({"y": y}, 0, None, None)
    np.testing.assert_allclose(writes["d"], -0.5 * np.sin(weight @ y / 0.1), rtol=1e-5, atol=1e-6)
    assert controller.arithmetic.macs == 17 + 16
    record = run(smode4(duration=2e-6, demon=written), {"demon": controller}, replicas=3, threads=1)
    assert np.isfinite(record.samples["x"]).all()
    assert message(plan(**{**written.__dict__, "options": {"network": str(path), "output": "energy"}})).endswith(
        "net.onnx: the gradient of an energy is known only for chains of dense layers"
    )


def test_without_the_extra_onnx_is_refused_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert message(network(tmp_path / "net.onnx")).endswith(
        "ONNX networks need the extra: pip install 'thermosim-hil[onnx]'"
    )

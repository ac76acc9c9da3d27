"""Networks for onnxruntime: with a fixed input size, or in 8-bit integers by its static per-channel quantisation."""

import pathlib
import sys

import numpy
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


def fix(source, target, side):
    """Writes the network with a fixed input of side x side pixels."""
    network = onnx.load(source)
    for dimension in network.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = int(side)
    del network.graph.value_info[:]
    for output in network.graph.output:
        output.type.tensor_type.ClearField("shape")
    onnx.save(network, target)


class Noise(CalibrationDataReader):
    """Calibration pictures of random noise: they affect the scales, not the speed."""

    def __init__(self, name, shape):
        random = numpy.random.default_rng(1)
        self.pictures = iter([{name: random.uniform(-1, 1, shape).astype(numpy.float32)} for _ in range(8)])

    def get_next(self):
        return next(self.pictures, None)


def quantize(source, target):
    """Writes the network in 8-bit integers."""
    prepared = str(pathlib.Path(target).with_suffix(".prepared.onnx"))
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    entry = onnx.load(prepared).graph.input[0]
    shape = [dimension.dim_value for dimension in entry.type.tensor_type.shape.dim]
    quantize_static(
        prepared,
        target,
        Noise(entry.name, shape),
        quant_format=QuantFormat.QOperator,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


{"fix": fix, "quantize": quantize}[sys.argv[1]](*sys.argv[2:])

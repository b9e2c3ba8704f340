import Testing
import Torch

@Suite("8-bit weights")
struct QuantizationTests {
  /// The root of the mean squared error, relative to the weight's.
  private func error(_ weight: Tensor, _ format: QuantizedFormat, dtype: DType) throws -> Double {
    let rounded = try QuantizedTensor(weight, format, dtype: dtype).tensor().to(.float32)
    return try ((rounded - weight).square().sum() / weight.square().sum()).sqrt().item()
  }

  /// Weights of a layer: normal, with rows of other sizes.
  private func weight(_ shape: [Int]) throws -> Tensor {
    try Generator(seed: 1).normal(shape) * 0.02
  }

  @Test(
    "int8 changes a weight by 0.65 %, fp8 by 2.6 %",
    arguments: [[64, 256], [32, 96], [16, 8, 3, 3], [8, 40]])
  func errors(shape: [Int]) throws {
    let weight = try weight(shape)
    for dtype in [DType.float32, .bfloat16, .float16] {
      let int8 = try error(weight, .int8, dtype: dtype)
      #expect((0.005...0.0075).contains(int8), "\(int8)")
      let fp8 = try error(weight, .fp8, dtype: dtype)
      #expect((0.022...0.028).contains(fp8), "\(fp8)")
    }
  }

  @Test("A weight keeps its shape, and takes a byte for each number and 1.6 % for the scales")
  func size() throws {
    let weight = try QuantizedTensor(try weight([64, 256]), .int8, dtype: .bfloat16)
    #expect(weight.byteCount == 64 * 256 + 64 * 2 * 2)
    #expect(try weight.tensor().shape == [64, 256])
    #expect(weight.dtype == .bfloat16)
  }

  @Test("A large number changes its own block only", arguments: QuantizedFormat.allCases)
  func outlier(format: QuantizedFormat) throws {
    let plain = try weight([4, 256])
    let changed = try plain.clone()
    try changed.narrow(dim: 1, start: 3, length: 1).copy(from: .full([4, 1], value: 50))
    let before = try QuantizedTensor(plain, format, dtype: .float32).tensor()
    let after = try QuantizedTensor(changed, format, dtype: .float32).tensor()
    let others = { (tensor: Tensor) in try tensor.narrow(dim: 1, start: 128, length: 128).floats() }
    #expect(try others(before) == others(after))
    #expect(try after.floats()[3] == 50)
  }

  @Test("Zeros stay zeros, and whole numbers up to 127 stay themselves")
  func exact() throws {
    for format in QuantizedFormat.allCases {
      let zeros = try QuantizedTensor(.zeros([2, 128]), format, dtype: .bfloat16)
      #expect(try zeros.tensor().floats().allSatisfy { $0 == 0 })
    }
    let numbers = try Tensor((-127...128).map { Float(min($0, 127)) }, shape: [2, 128])
    #expect(
      try QuantizedTensor(numbers, .int8, dtype: .float32).tensor().floats() == numbers.floats())
  }
}

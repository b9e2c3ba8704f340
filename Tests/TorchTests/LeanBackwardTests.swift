import Testing
import Torch

/// Operations that keep little for their backward pass, compared with libtorch's own. A weight that
/// needs a gradient makes an operation a plain one.
@Suite("Lean backward passes")
struct LeanBackwardTests {
  /// What an operation returns for leaves, and the gradients of the first leaf, for a fixed gradient of
  /// the output.
  private func results(
    _ inputs: [Tensor], trained: Int, _ body: ([Tensor]) throws -> Tensor
  ) throws -> [Tensor] {
    let leaves = try inputs.map { try $0.detach() }
    for leaf in leaves.prefix(trained) { try leaf.setRequiresGrad(true) }
    let output = try body(leaves)
    let direction = try Generator(seed: 9).normal(output.shape).to(output.dtype)
    try (output * direction).sum().backward()
    let gradient = try #require(try leaves[0].grad)
    try leaves[0].setGrad(nil)
    return try [output.detach(), gradient]
  }

  private func expectEqual(
    _ found: [Tensor], _ expected: [Tensor], within tolerance: Double
  ) throws {
    for (one, other) in zip(found, expected) {
      let (one, other) = (try one.to(.float64), try other.to(.float64))
      #expect(one.shape == other.shape)
      let gap = try (one - other).abs().max().item() / other.abs().max().item()
      #expect(gap <= tolerance)
    }
  }

  /// Compares with all weights frozen and with all of them trained, and without and with the
  /// operations for this processor.
  private func check(
    _ inputs: [Tensor], within tolerance: Double, halfWithin: Double,
    _ body: ([Tensor]) throws -> Tensor
  ) throws {
    let plain = try withoutProcessorKernels {
      try results(inputs.map { try $0.to(.float64) }, trained: inputs.count, body)
    }
    let wide = try inputs.map { try $0.to(.float64) }
    try expectEqual(
      withoutProcessorKernels { try results(wide, trained: 1, body) }, plain, within: 1e-12)
    try expectEqual(results(wide, trained: 1, body), plain, within: 1e-12)
    try expectEqual(results(inputs, trained: 1, body), plain, within: tolerance)
    let half = try inputs.map { try $0.to(.bfloat16) }
    try expectEqual(results(half, trained: 1, body), plain, within: halfWithin)
  }

  struct Shape: Sendable {
    let input: [Int]
    let outputs: Int
    let kernel: Int
    var stride = 1
    let padding: Int
  }

  @Test(
    "A convolution with a frozen weight has the output and the gradient of a plain one",
    arguments: [
      Shape(input: [2, 8, 5, 7], outputs: 6, kernel: 3, padding: 1),
      Shape(input: [1, 8, 32, 32], outputs: 4, kernel: 3, padding: 1),
      Shape(input: [1, 4, 9, 6], outputs: 8, kernel: 3, stride: 2, padding: 1),
      Shape(input: [1, 4, 9, 9], outputs: 8, kernel: 3, stride: 2, padding: 0),
      Shape(input: [2, 8, 20, 20], outputs: 3, kernel: 1, padding: 0),
      Shape(input: [1, 2, 6, 6], outputs: 2, kernel: 5, padding: 2),
    ], [true, false])
  func convolution(shape: Shape, channelsLast: Bool) throws {
    let generator = try Generator(seed: 3)
    var x = try generator.normal(shape.input)
    var weight = try generator.normal([
      shape.outputs, shape.input[1], shape.kernel, shape.kernel,
    ])
    let bias = try generator.normal([shape.outputs])
    if channelsLast { (x, weight) = (try x.channelsLast(), try weight.channelsLast()) }
    try check([x, weight, bias], within: 1e-5, halfWithin: 0.02) {
      try $0[0].conv2d($0[1], $0[2], stride: shape.stride, padding: shape.padding)
    }
  }

  @Test(
    "Group normalisation with SiLU equals the two, and keeps its input only",
    arguments: [[2, 8, 5, 7], [1, 16, 12, 12], [3, 4, 1, 1]], [true, false])
  func groupNorm(shape: [Int], channelsLast: Bool) throws {
    let generator = try Generator(seed: 4)
    var x = try generator.normal(shape) * 2 + 0.5
    if channelsLast { x = try x.channelsLast() }
    let (weight, bias) = (try generator.normal([shape[1]]), try generator.normal([shape[1]]))
    let groups = shape[1] / 4 * 2
    // Values of a group of two that are nearly equal make the gradient of half a type uncertain.
    guard shape[2] > 1 else {
      return try expectEqual(
        results([x, weight, bias], trained: 1) {
          try $0[0].groupNormSiLU(groups, $0[1], $0[2], eps: 0.1)
        },
        results([x, weight, bias], trained: 3) {
          try $0[0].groupNormSiLU(groups, $0[1], $0[2], eps: 0.1)
        }, within: 1e-5)
    }
    try check([x, weight, bias], within: 1e-5, halfWithin: 0.03) {
      try $0[0].groupNormSiLU(groups, $0[1], $0[2], eps: 1e-5)
    }
  }

  @Test("A value that is not finite stays visible behind the norm, the gate and attention")
  func notFinite() throws {
    let image = try normal(1, 4, 3, 3, seed: 5).channelsLast()
    let tokens = try normal(1, 2, 3, 8, seed: 6).to(.bfloat16)
    for value in [Float.nan, .infinity] {
      let bad = try image.clone()
      try bad.narrow(dim: 2, start: 1, length: 1).copy(
        from: .full([1, 4, 1, 3], value: Double(value)))
      let normed = try bad.groupNormSiLU(2, .ones([4]), .zeros([4]), eps: 1e-5)
      #expect(try !normed.isFinite())
      #expect(try !bad.permute([0, 2, 3, 1]).geglu().isFinite())
      let spoiled = try tokens.clone()
      try spoiled.narrow(dim: 2, start: 0, length: 1)
        .copy(from: .full([1, 2, 1, 8], value: Double(value)))
      let attended = try Tensor.scaledDotProductAttention(
        query: spoiled, key: tokens, value: tokens)
      #expect(try !attended.isFinite())
    }
  }

  @Test(
    "The gate is as close to float64 as libtorch's operations",
    arguments: [(DType.float32, 2e-6), (.bfloat16, 0.01)])
  func gate(dtype: DType, tolerance: Double) throws {
    let x = try normal(5, 2, 3 * 34, seed: 7) * 3
    let expected = try withoutProcessorKernels {
      try results([x.to(dtype).to(.float64)], trained: 1) { try $0[0].geglu() }
    }
    try expectEqual(
      results([x.to(dtype)], trained: 1) { try $0[0].geglu() }, expected, within: tolerance)
  }

  @Test("A convolution keeps no input, and a norm no output")
  func kept() throws {
    let x = try normal(1, 16, 64, 64, seed: 8)
    let weight = try normal(16, 16, 3, 3, seed: 9)
    try x.setRequiresGrad(true)
    let bytes = 16 * 64 * 64 * 4
    let convolved = try countingMemory {
      try (x * 2.0).conv2d(weight, stride: 1, padding: 1)
    }
    #expect(convolved.kept < bytes * 5 / 4 && convolved.peak >= 2 * bytes)
    let normed = try countingMemory {
      try (x * 2.0).groupNormSiLU(4, .ones([16]), .zeros([16]), eps: 1e-5)
    }
    #expect(normed.kept >= 2 * bytes && normed.kept < bytes * 9 / 4)
    _ = (convolved.result, normed.result)
  }
}

import NN
import Testing
import Torch

@Suite("Merged adapters")
struct MergeTests {
  /// A convolution followed by a linear layer.
  private final class Layers: Module {
    let conv = Conv2d(6, 8, kernelSize: 3, stride: 2, padding: 1)
    let linear = Linear(8, 5)

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      try linear(conv(x).permute([0, 2, 3, 1]))
    }
  }

  private let workshop: Workshop
  private let layers = Layers()
  private let x: Tensor

  init() throws {
    workshop = try Workshop()
    try workshop.fill(layers, seed: 1)
    x = try normal(2, 6, 7, 7, seed: 2)
    layers.setAdapters([
      "conv": LoRA(
        down: try normal(3, 6, 3, 3, seed: 3), up: try normal(8, 3, 1, 1, seed: 4), scale: -0.3),
      "linear": LoRA(down: try normal(2, 8, seed: 5), up: try normal(5, 2, seed: 6), scale: 0.7),
    ])
  }

  @Test("A convolution's update is scale * up(down(x)) with the convolution's stride and padding")
  func convolution() throws {
    let conv = layers.conv
    let adapter = try #require(conv.adapter as? LoRA)
    let low = try x.conv2d(adapter.down, stride: 2, padding: 1)
    let base = try x.conv2d(conv.weight.tensor, conv.bias?.tensor, stride: 2, padding: 1)
    let expected = try base + low.conv2d(adapter.up) * -0.3
    #expect(try (conv(x) - expected).abs().max().item() < 1e-5)
    #expect(try (conv(x) - base).abs().max().item() > 0.1)
  }

  @Test("Merged adapters give the same output within 1e-5, and unmerging restores every bit")
  func merged() throws {
    let beside = try layers(x)
    let weights = try layers.parameters().map { try $0.parameter.tensor.bytes() }
    let adapter = try #require(layers.conv.adapter as? LoRA)
    try layers.mergeAdapters()
    let inside = try layers(x)
    let largest = try beside.abs().max().item()
    #expect(try (inside - beside).abs().max().item() / largest < 1e-5)
    #expect(try layers.conv.weight.tensor.bytes() != weights[0])
    // A second merge adds nothing.
    try layers.mergeAdapters()
    #expect(try layers(x).bytes() == inside.bytes())
    layers.unmergeAdapters()
    #expect(try layers.parameters().map { try $0.parameter.tensor.bytes() } == weights)
    #expect((layers.conv.adapter as? LoRA)?.down === adapter.down)
    #expect(try layers(x).bytes() == beside.bytes())
  }

  @Test("Setting other adapters unmerges the present ones first")
  func replaced() throws {
    let weights = try layers.parameters().map { try $0.parameter.tensor.bytes() }
    try layers.mergeAdapters()
    layers.setAdapters([:])
    #expect(try layers.parameters().map { try $0.parameter.tensor.bytes() } == weights)
    let base = try layers(x)
    try layers.mergeAdapters()
    #expect(try layers(x).bytes() == base.bytes())
  }

  @Test("Weights of a half type are merged in float32 and rounded once")
  func half() throws {
    try workshop.fill(layers, seed: 1, dtype: .bfloat16)
    let own = try layers.linear.weight.tensor
    let adapter = try #require(layers.linear.adapter as? LoRA)
    let expected = try (own.to(.float32) + adapter.up.matmul(adapter.down) * 0.7).to(.bfloat16)
    try layers.mergeAdapters()
    #expect(try layers.linear.weight.tensor.bytes() == expected.bytes())
    layers.unmergeAdapters()
    #expect(try layers.linear.weight.tensor.bytes() == own.bytes())
  }

  @Test("Several adapters on one convolution add up")
  func sum() throws {
    let conv = layers.conv
    let first = try #require(conv.adapter)
    let second = LoRA(
      down: try normal(2, 6, 3, 3, seed: 7), up: try normal(8, 2, 1, 1, seed: 8), scale: 0.5)
    let base = try x.conv2d(conv.weight.tensor, conv.bias?.tensor, stride: 2, padding: 1)
    let one = try conv(x) - base
    layers.setAdapters(["conv": second])
    let other = try conv(x) - base
    layers.setAdapters(["conv": try #require(try AdapterSum.of([first, second]))])
    #expect(try (conv(x) - (base + one + other)).abs().max().item() < 1e-4)
  }
}

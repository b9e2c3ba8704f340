import NN
import Testing
import Torch

private final class Leaf: Module {
  let weight = Parameter([2, 3])
  let bias: Parameter?

  init(bias: Bool) { self.bias = bias ? Parameter([2]) : nil }
}

private final class Tree: Module {
  let timeEmbedding = Leaf(bias: true)
  let linear_1 = Leaf(bias: false)
  let toOut: [any UnaryLayer] = [Linear(1, 2), Identity(), Linear(2, 1, bias: false)]
  let downBlocks = [Leaf(bias: false), Leaf(bias: true)]
  let q = Parameter([1])
  let absent: Leaf? = nil
  let present: Leaf? = Leaf(bias: false)
  let nothing: [Leaf] = []
  let heads = 8
  let name = "tree"
  let constants: [Double] = []
  private let `private` = Leaf(bias: false)
  var computed: Leaf { present ?? timeEmbedding }
}

@Suite("The module tree and its keys")
struct ModuleTests {
  @Test("Keys consist of property names in snake_case and indices")
  func keys() {
    let expected: [(String, [Int])] = [
      ("time_embedding.weight", [2, 3]), ("time_embedding.bias", [2]),
      ("linear_1.weight", [2, 3]),
      ("to_out.0.weight", [2, 1]), ("to_out.0.bias", [2]), ("to_out.2.weight", [1, 2]),
      ("down_blocks.0.weight", [2, 3]), ("down_blocks.1.weight", [2, 3]),
      ("down_blocks.1.bias", [2]),
      ("q", [1]), ("present.weight", [2, 3]), ("private.weight", [2, 3]),
    ]
    let parameters = Tree().parameters()
    #expect(parameters.map(\.path) == expected.map(\.0))
    #expect(parameters.map(\.parameter.shape) == expected.map(\.1))
  }

  @Test("Modules come parents first, without parameters")
  func modules() {
    #expect(
      Tree().modules().map(\.path) == [
        "time_embedding", "linear_1", "to_out.0", "to_out.1", "to_out.2", "down_blocks.0",
        "down_blocks.1", "present", "private",
      ])
  }

  @Test("An adapter is not part of the model's weights")
  func adapters() throws {
    let workshop = try Workshop()
    let pair = Pair()
    try workshop.fill(pair)
    let before = pair.parameters().map(\.path)
    _ = try pair.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { _ in try Generator(seed: 0) }
    #expect(pair.parameters().map(\.path) == before)
  }

  @Test("Unary layers run one after the other")
  func forward() throws {
    let layers: [any UnaryLayer] = [SiLU(), Identity(), GELU()]
    let x = try vector(-1, 0, 2)
    #expect(try layers.forward(x).floats() == x.silu().gelu().floats())
    #expect(try QuickGELU()(x).floats() == (x * (x * 1.702).sigmoid()).floats())
  }

  @Test("A parameter without values throws when it is used")
  func notLoaded() throws {
    let x = try vector(1)
    #expect(
      weightsError { _ = try Linear(1, 2)(x) }
        == "A parameter of shape [2, 1] was used before its weights were loaded.")
  }

  @Test("Layers compute with their weights under torch.nn's names")
  func layers() throws {
    let workshop = try Workshop()
    let x = try normal(2, 4, 6, 6, seed: 1)
    let conv = Conv2d(4, 2, kernelSize: 3, stride: 2, padding: 1)
    try workshop.fill(conv)
    let convolved = try x.conv2d(conv.weight.tensor, conv.bias?.tensor, stride: 2, padding: 1)
    #expect(try conv(x).floats() == convolved.floats())
    #expect(Conv2d(4, 2, kernelSize: 1, bias: false).parameters().map(\.path) == ["weight"])

    let group = GroupNorm(groups: 2, channels: 4, eps: 1e-6)
    try workshop.fill(group)
    #expect(
      try group(x).floats()
        == x.groupNorm(2, group.weight.tensor, group.bias.tensor, eps: 1e-6).floats())

    let layer = LayerNorm(6)
    try workshop.fill(layer)
    #expect(
      try layer(x).floats()
        == x.layerNorm([6], layer.weight.tensor, layer.bias.tensor, eps: 1e-5).floats())

    let table = Embedding(5, 3)
    try workshop.fill(table)
    let ids = try Tensor([Int64(4), 0], shape: [2])
    #expect(try table(ids).floats() == ids.embedding(table.weight.tensor).floats())
  }
}

import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

@Suite("Tools for adapter files")
struct ToolTests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func set(_ name: String, _ model: AdaptableLayers, strength: Double) throws -> AdapterSet
  {
    try AdapterFile(contentsOf: Repository.golden.appending(path: "adapters/\(name).safetensors"))
      .adapters(for: model, strength: strength, device: .cpu)
  }

  @Test("Files of different layers, parts and namings merge to the sum of their deltas")
  func merge() throws {
    let model = AdaptableLayers(try ModelDirectory(Self.tiny))
    let sets = [
      try set("kohya", model, strength: 0.7),
      try set("diffusers-processors", model, strength: -0.4),
    ]
    let sum = AdapterSet.sum(sets)
    let made = try AdapterMerge.merge(sum, of: model)
    #expect(made.layers.count == sum.layers.reduce(0) { $0 + $1.value.count })
    #expect(Set(made.changes.map(\.oldRank)) == [2, 4])
    for (layer, lora) in made.layers {
      let weight = try Tensor.zeros(layer.shape)
      let members = try #require(sum.layers[layer.part]?[layer.path])
      let expected = try members.reduce(weight) { try $0 + $1.delta(of: weight) }
      #expect(try relativeDifference(lora.delta(of: weight), expected) < 1e-6)
    }
  }

  @Test("A layer whose delta is zero is resized to rank 1 and keeps its delta")
  func zero() throws {
    let lora = LoRA(down: try .ones([4, 6]), up: try .zeros([5, 4]), scale: 0.5)
    let (resized, kept) = try lora.resized(by: RankRule(.frobenius(0.9)), shape: [5, 6])
    #expect(resized.down.shape == [1, 6] && resized.up.shape == [5, 1] && kept == 1)
    #expect(try resized.delta(of: .zeros([5, 6])).abs().max().item() == 0)
  }

  @Test("A rank that is not lower, or has a limit of its own for convolutions")
  func limits() throws {
    let lora = LoRA(
      down: try Generator(seed: 1).normal([4, 3, 3, 3]),
      up: try Generator(seed: 2).normal([8, 4, 1, 1]),
      scale: 1)
    let same = try lora.resized(by: RankRule(.limit, limit: 9), shape: [8, 3, 3, 3]).lora
    #expect(try same.down.bytes() == lora.down.bytes())
    let rule = RankRule(.limit, limit: 3, convolutionLimit: 2)
    #expect(try lora.resized(by: rule, shape: [8, 3, 3, 3]).lora.down.shape == [2, 3, 3, 3])
    let linear = LoRA(
      down: try Generator(seed: 1).normal([4, 6]), up: try Generator(seed: 2).normal([8, 4]),
      scale: 1)
    #expect(try linear.resized(by: rule, shape: [8, 6]).lora.down.shape == [3, 6])
  }

  @Test(
    "A model with baked adapters has the weights of the model with merged adapters, in every form")
  func bake() throws {
    let base = try ModelDirectory(Self.tiny)
    let adapters = try set("kohya", AdaptableLayers(base), strength: 0.8)
    let expected = try merged(base, adapters)
    let place = folder.url.appending(path: "baked")
    var shares: [Double] = []
    try AdapterBaking(adapters, into: base, dtype: nil).writeFolder(place) { shares.append($0) }
    #expect(shares == shares.sorted() && shares.last == 1)
    #expect(try weights(ModelDirectory(place)) == expected)
    let file = folder.url.appending(path: "baked.safetensors")
    try AdapterBaking(adapters, into: base, dtype: nil).writeFile(file, metadata: ["a": "b"])
    let single = try ModelDirectory(file)
    try single.checkWeights()
    #expect(try weights(single) == expected)
    #expect(try SafetensorsFile(contentsOf: file).metadata == ["a": "b"])
    // A file as the base gives the same again.
    let again = folder.url.appending(path: "again")
    try AdapterBaking(.none, into: single, dtype: nil).writeFolder(again)
    #expect(try weights(ModelDirectory(again)) == expected)
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == [
        "baked", "baked.safetensors", "baked.config", "again",
      ])
  }

  @Test("A model in one file has the names that diffusers' own layout gives")
  func layout() throws {
    let file = folder.url.appending(path: "plain.safetensors")
    try AdapterBaking(.none, into: ModelDirectory(Self.tiny), dtype: .float16).writeFile(
      file, metadata: [:])
    let written = try SafetensorsFile(contentsOf: file)
    let tensors = try SingleFileModel.tinyTensors()
    #expect(Set(written.names) == Set(tensors.map(\.name)))
    for (name, tensor) in tensors {
      #expect(try written.tensor(name).bytes() == tensor.to(.float16).bytes(), "\(name)")
      #expect(written.shape(of: name) == tensor.shape, "\(name)")
    }
  }

  @Test("A weight that is not finite in the new type is an error, and leaves no file")
  func notFinite() throws {
    let base = try ModelDirectory(Self.tiny)
    let adapters = try set("kohya", AdaptableLayers(base), strength: 1e9)
    #expect {
      try AdapterBaking(adapters, into: base, dtype: .float16)
        .writeFolder(folder.url.appending(path: "broken"))
    } throws: {
      if case AdapterToolError.notFinite(_, "float16") = $0 { true } else { false }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  private func merged(_ model: ModelDirectory, _ adapters: AdapterSet) throws -> [[UInt8]] {
    try weights(model, adapters)
  }

  /// The weights of all parts, with the adapters merged into them.
  private func weights(_ model: ModelDirectory, _ adapters: AdapterSet = .none) throws -> [[UInt8]]
  {
    var set = adapters
    set.isMerged = true
    let unet = try model.loadUNet()
    let first = try model.loadTextEncoder()
    let second = try model.loadTextEncoder2()
    try set.attach(to: unet, as: .unet)
    try set.attach(to: first, as: .textEncoder)
    try set.attach(to: second, as: .textEncoder2)
    let modules: [any Module] = [unet, first, second, try model.loadVAE()]
    return try modules.flatMap { try $0.parameters().map { try $0.parameter.tensor.bytes() } }
  }
}

import Foundation
import TestSupport
import Testing
import Torch

@testable import NN

@Suite("New adapters of each method")
struct TrainableAdapterTests {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  /// A linear layer and convolutions.
  private final class Layers: Module {
    let linear = Linear(24, 32)
    let conv = Conv2d(8, 16, kernelSize: 3, padding: 1)
    let shortcut = Conv2d(8, 16, kernelSize: 1, bias: false)

    func callAsFunction(_ x: Tensor, _ image: Tensor) throws -> [Tensor] {
      [try linear(x), try conv(image), try shortcut(image)]
    }
  }

  private func attach(
    _ method: AdapterMethod, to module: any Module, rank: Int = 2,
    _ change: (inout AdapterSettings) -> Void = { _ in }
  ) throws -> [AdapterSite] {
    var settings = AdapterSettings(rank: rank, alpha: 3)
    change(&settings)
    return try module.attachAdapters(
      method.kind, targets: ["linear", "conv", "shortcut"], settings: method.settings(settings)
    ) { try Generator(seed: UInt64($0)) }
  }

  private func layers(_ dtype: DType = .float32) throws -> Layers {
    let layers = Layers()
    try workshop.fill(layers, seed: 1, dtype: dtype)
    return layers
  }

  @Test(
    "They change no bit of the output, in any order of the weights in memory",
    arguments: AdapterMethod.allCases, [DType.float32, .bfloat16])
  func untrained(method: AdapterMethod, dtype: DType) throws {
    let layers = try layers(dtype)
    let inputs = [try normal(2, 3, 24, seed: 2), try normal(1, 8, 6, 6, seed: 3)]
    func outputs() throws -> [[UInt8]] {
      try layers(inputs[0].to(dtype), inputs[1].to(dtype)).map { try $0.bytes() }
    }
    let base = try outputs()
    let sites = try attach(method, to: layers)
    #expect(sites.allSatisfy { type(of: $0.adapter) == method.kind })
    #expect(sites.flatMap(\.tensors).allSatisfy { $0.tensor.requiresGrad })
    #expect(try outputs() == base)
    try layers.setChannelsLast()
    layers.setAdapters([:])
    let ordered = try outputs()
    layers.setAdapters(Dictionary(uniqueKeysWithValues: sites.map { ($0.path, $0.adapter) }))
    #expect(try outputs() == ordered)
  }

  @Test(
    "On a bfloat16 base, tensors and gradients are float32, and every tensor has a gradient",
    arguments: AdapterMethod.allCases)
  func precision(method: AdapterMethod) throws {
    let layers = try layers(.bfloat16)
    let sites = try attach(method, to: layers)
    for (_, tensor) in sites.flatMap(\.tensors) {
      try noGrad { try tensor.copy(from: tensor + Generator(seed: 7).normal(tensor.shape) * 0.1) }
    }
    let outputs = try layers(
      normal(2, 3, 24, seed: 2).to(.bfloat16), normal(1, 8, 6, 6, seed: 3).to(.bfloat16))
    #expect(outputs.allSatisfy { $0.dtype == .bfloat16 })
    for output in outputs { try output.to(.float32).square().mean().backward() }
    for (name, tensor) in sites.flatMap(\.tensors) {
      let gradient = try #require(try tensor.grad, "\(name)")
      #expect(tensor.dtype == .float32 && gradient.dtype == .float32, "\(name)")
      #expect(try gradient.abs().max().item() > 0, "\(name)")
    }
  }

  @Test(
    "A pass keeps little for each weight: LoHa the delta in the layer's type, the others none",
    arguments: [(AdapterMethod.lora, 0.5), (.dora, 0.5), (.lokr, 0.5), (.loha, 2.5)])
  func memory(method: AdapterMethod, bytes: Double) throws {
    let layers = Wide()
    try workshop.fill(layers, seed: 1, dtype: .bfloat16)
    _ = try layers.attachAdapters(
      method.kind, targets: ["linear"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    let x = try normal(2, 4, 512, seed: 2).to(.bfloat16)
    let (output, kept, _) = try countingMemory { try layers.linear(x) }
    #expect(output.requiresGrad)
    #expect(Double(kept) < bytes * 512 * 512, "\(Double(kept) / (512 * 512))")
  }

  /// A layer beside which an input is small.
  private final class Wide: Module {
    let linear = Linear(512, 512)
  }

  @Test("First values have the reference's distributions, and are zero where it has zero")
  func distributions() throws {
    let weight = try normal(256, 512, seed: 1)
    func tensors(
      _ method: AdapterMethod, _ change: (inout AdapterSettings) -> Void = { _ in }
    ) throws -> [String: Tensor] {
      var settings = AdapterSettings(rank: 16, alpha: 16)
      change(&settings)
      let adapter = try method.kind.make(
        for: weight, settings: settings, generator: Generator(seed: 4))
      return Dictionary(uniqueKeysWithValues: adapter.tensors)
    }
    func expect(_ tensor: Tensor?, uniformWithin bound: Double) throws {
      let tensor = try #require(tensor)
      let largest = try tensor.abs().max().item()
      #expect(largest <= bound && largest > bound * 0.95)
      // The variance of a uniform value is a third of the square of its bound. Four deviations of the
      // means of so many values are allowed.
      let (variance, count) = (try tensor.square().mean().item(), Double(tensor.count))
      #expect(abs(variance * 3 / (bound * bound) - 1) < 4 * (0.8 / count).squareRoot())
      #expect(try abs(tensor.mean().item()) < 4 * bound / (3 * count).squareRoot())
    }
    func deviation(_ tensor: Tensor?) throws -> Double {
      try #require(tensor).square().mean().sqrt().item()
    }
    let kaiming = try tensors(.lora) { $0.initialization = .kaiming }
    try expect(kaiming["lora_A.weight"], uniformWithin: 1 / 512.0.squareRoot())
    #expect(try deviation(kaiming["lora_B.weight"]) == 0)
    let gaussian = try tensors(.dora) { $0.initialization = .gaussian }
    #expect(abs(try deviation(gaussian["lora_A.weight"]) * 16 - 1) < 0.05)
    let norms = try weight.square().sum(dims: [1], keepDim: true).sqrt()
    let magnitudes = try #require(gaussian["lora_magnitude_vector"])
    #expect(try relativeDifference(magnitudes, norms) < 1e-6)
    let loha = try tensors(.loha)
    #expect(abs(try deviation(loha["hada_w1_a"]) - 0.1) < 0.01)
    #expect(abs(try deviation(loha["hada_w1_b"]) - 1) < 0.05)
    #expect(abs(try deviation(loha["hada_w2_b"]) - 1) < 0.05)
    #expect(try deviation(loha["hada_w2_a"]) == 0)
    // 256 is 16 * 16 and 512 is 16 * 32; a rank of 4 is below half of each.
    let lokr = try tensors(.lokr) { ($0.rank, $0.decomposesBoth) = (4, true) }
    #expect(
      lokr.mapValues(\.shape) == [
        "lokr_w1_a": [16, 4], "lokr_w1_b": [4, 16], "lokr_w2_a": [16, 4], "lokr_w2_b": [4, 32],
      ])
    try expect(lokr["lokr_w1_a"], uniformWithin: 0.5)
    try expect(lokr["lokr_w1_b"], uniformWithin: 0.25)
    try expect(lokr["lokr_w2_a"], uniformWithin: 0.5)
    #expect(try deviation(lokr["lokr_w2_b"]) == 0)
    let whole = try tensors(.lokr)
    #expect(whole.mapValues(\.shape) == ["lokr_w1": [16, 16], "lokr_w2": [16, 32]])
    try expect(whole["lokr_w1"], uniformWithin: 0.25)
    #expect(try deviation(whole["lokr_w2"]) == 0)
  }

  @Test("LoKr's sizes are LyCORIS' for every side and factor that divides it")
  func factorizations() throws {
    struct Sizes: Decodable { let factorizations: [[Int]] }
    let cases = try Golden("kinds/layers").config(as: Sizes.self).factorizations
    #expect(cases.count > 70)
    for values in cases {
      let sizes = LoKrFactor.sizes(of: values[0], factor: values[1])
      #expect([sizes.small, sizes.large] == Array(values[2...]), "\(values)")
    }
  }

  @Test("Rank-stabilised adapters are scaled by alpha / sqrt(rank), exactly as a file states it")
  func rankStabilized() throws {
    let layers = try layers()
    let lora = try #require(try attach(.rslora, to: layers, rank: 5)[0].adapter as? LoRA)
    #expect(abs(lora.scale - 3 / 5.0.squareRoot()) < 1e-6)
    let alpha = try #require(lora.alpha)
    #expect(Double(Float(alpha)) / 5 == lora.scale)
  }

  @Test("Settings that a kind or a layer does not have are errors, and nothing is attached")
  func errors() throws {
    let layers = try layers()
    func sentence(
      _ method: AdapterMethod, rank: Int = 2, _ change: (inout AdapterSettings) -> Void
    ) -> String {
      do {
        _ = try attach(method, to: layers, rank: rank, change)
        return "no error"
      } catch {
        return "\(error)"
      }
    }
    #expect(
      sentence(.lokr) { $0.factor = 5 }
        == "LoKr's factor 5 does not divide both sides of a weight of shape [32, 24]; use -1, or one of "
        + "1, 2, 4, 8.")
    #expect(sentence(.lokr) { $0.factor = 0 }.hasPrefix("LoKr's factor 0 does not divide"))
    #expect(
      sentence(.lora, rank: 25) { $0.initialization = .pissa }
        == "A weight of shape [32, 24] does not have 25 singular values, with which PiSSA begins; use a "
        + "lower rank or another initialization.")
    for method in [AdapterMethod.dora, .loha, .lokr] {
      #expect(
        sentence(method) { $0.initialization = .pissa }
          == "The initialization pissa is not one of \(method.kind.name); omit it, or train a LoRA."
      )
    }
    for method in AdapterMethod.allCases {
      #expect(sentence(method, rank: 0) { _ in }.contains("has nothing to train"))
    }
    #expect(layers.adapters().isEmpty)
  }

  @Test(
    "A change of a bias that a layer lacks can be drawn with, but not merged; strengths are stored")
  func storing() throws {
    let layers = try layers()
    let bias = try FullDifference(StoredAdapter(tensors: ["diff_b": .ones([16])]) { _ in 1 })
      .fitted(to: [16, 8, 1, 1], on: .cpu)
    let image = try normal(1, 8, 6, 6, seed: 3)
    let base = try layers.shortcut(image)
    layers.setAdapters(["shortcut": bias.scaled(by: 0.5)])
    #expect(try relativeDifference(layers.shortcut(image), base + 0.5) < 1e-6)
    #expect(throws: AdapterError.noBias([16, 8, 1, 1])) { try layers.mergeAdapters() }
    let stored = try bias.scaled(by: 0.5).stored()
    #expect(try stored.tensors[0].tensor.floats() == Array(repeating: 0.5, count: 16))
    let dora = try #require(try attach(.dora, to: layers)[0].adapter as? DoRA)
    #expect(throws: AdapterError.strength(0.5, kind: "DoRA")) { try dora.scaled(by: 0.5).stored() }
  }

  @Test("Tensors of any shapes are read or refused by a typed error, for every kind")
  func anyShapes() throws {
    let shapes = [
      [], [0], [3], [1, 1], [2, 3], [0, 2], [2, 2], [4, 1], [1, 2, 3], [1, 2, 2], [2, 2, 1, 1],
      [0, 2, 1, 1], [2, 2, 3, 3], [1, 1, 1, 1, 1],
    ]
    var (read, refused) = (0, 0)
    for kind in AdapterKinds.all {
      let names = Set(kind.fileNames.values).sorted()
      for (index, shape) in shapes.enumerated() {
        for step in 0..<shapes.count {
          // Neighbouring names have the shape, or shapes that are `step` apart.
          let tensors = try names.enumerated().map { position, name in
            let other = step == 0 ? shape : shapes[(index + position * step) % shapes.count]
            return (name, try Tensor.ones(other))
          }
          for count in [names.count, names.count - 1, 2] {
            let some = Dictionary(uniqueKeysWithValues: tensors.prefix(count))
            do {
              let adapter = try kind.init(
                StoredAdapter(tensors: some, alpha: 1) { 1 / Double(max($0, 1)) })
              for shape in [[2, 3], [4, 4], [2, 2, 3, 3]] {
                do {
                  _ = try adapter.fitted(to: shape, on: .cpu).delta(of: .ones(shape))
                  read += 1
                } catch is AdapterError {
                  refused += 1
                }
              }
            } catch is AdapterError {
              refused += 1
            }
          }
        }
      }
    }
    #expect(read > 0 && refused > 1000)
  }
}

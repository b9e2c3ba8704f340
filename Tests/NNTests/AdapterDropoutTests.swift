import TestSupport
import Testing
import Torch

@testable import NN

/// Dropouts of adapters and limits of their norms, against sd-scripts, peft and lycoris-lora.
@Suite("Dropouts and limits of adapters")
struct AdapterDropoutTests {
  struct Cases: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
      let name: String
      let layer: String
      let values: Double
      let ranks: Double

      var testDescription: String { "\(name) on \(layer)" }
    }
    struct Limit: Decodable, Sendable, CustomTestStringConvertible {
      let name: String
      let layer: String
      let size: String

      var testDescription: String { "\(name) on \(layer), \(size) of the size" }
    }
    struct Seeds: Decodable {
      let values: UInt64
      let ranks: UInt64
    }

    let cases: [Case]
    let limits: [Limit]
    let limit: Double
    let seeds: Seeds

    static let all = Result { try Golden("kinds/dropout").config(as: Cases.self) }
  }

  private let golden: Golden
  private let layers: Golden

  init() throws {
    golden = try Golden("kinds/dropout")
    layers = try Golden("kinds/layers")
  }

  @Test("The output and all gradients are the reference's", arguments: try Cases.all.get().cases)
  func forward(_ testCase: Cases.Case) throws {
    let prefix = "\(testCase.name).\(testCase.layer)"
    let seeds = try Cases.all.get().seeds
    let holder = try Holder(testCase.layer, layers)
    let (adapter, names) = try golden.adapter(
      prefix, shape: layers.shape("\(testCase.layer).weight"))
    for (_, tensor) in adapter.tensors where tensor.dtype == .float32 {
      try tensor.setRequiresGrad(true)
    }
    holder.setAdapters(["layer": adapter])
    let x = try layers.tensor("\(testCase.layer).x")
    let plain = try holder(x).detach()
    let dropout = AdapterDropout(DropoutRates(values: testCase.values, ranks: testCase.ranks))
    dropout.apply(to: holder)
    #expect(try holder(x).detach().bytes() == plain.bytes(), "outside of passes")
    dropout.seeds = { _, draw in draw == .values ? seeds.values : seeds.ranks }
    try x.setRequiresGrad(true)
    let output = try holder(x)
    #expect(try relativeDifference(output.detach(), golden.tensor("\(prefix).out")) < 1e-5)
    #expect(try relativeDifference(output.detach(), plain) > 1e-2)
    try (output * layers.tensor("\(testCase.layer).probe")).sum().backward()
    let gradient = try #require(try x.grad)
    #expect(try relativeDifference(gradient, golden.tensor("\(prefix).grad.x")) < 1e-5)
    // In LyCORIS, the gradient of a DoRA's matrices passes through the norm too. In PEFT it does not.
    let isOurs = testCase.name != "dora-ranks"
    for (name, tensor) in adapter.tensors where isOurs || name == "lora_magnitude_vector" {
      let gradient = try #require(try tensor.grad, "\(name)")
      let ending = try #require(
        names[name] ?? (name == "lora_magnitude_vector" ? "dora_scale" : nil))
      let expected = try golden.tensor("\(prefix).grad.\(ending)").reshape(tensor.shape)
      #expect(try relativeDifference(gradient, expected) < 1e-5, "\(name)")
    }
  }

  @Test("Scaled to the limit as by the reference", arguments: try Cases.all.get().limits)
  func limited(_ testCase: Cases.Limit) throws {
    let prefix = "limit-\(testCase.name).\(testCase.layer).\(testCase.size)"
    let weight = try layers.tensor("\(testCase.layer).weight")
    let (adapter, _) = try golden.adapter(prefix, shape: weight.shape)
    let before = try adapter.delta(of: weight)
    let limit = try Cases.all.get().limit
    try NormLimit([AdapterSite(path: "layer", adapter: adapter)], limit: limit).apply()
    let after = try adapter.delta(of: weight)
    let norms = try [before, after].map { try $0.square().sum().sqrt().item() }
    #expect(abs(norms[1] - min(norms[0], limit)) < 1e-5 * limit)
    #expect((norms[0] > limit) == (testCase.size == "1"), "both sides of the limit: \(norms[0])")
    if testCase.name == "lora" {
      for (name, tensor) in zip(["down", "up"], adapter.tensors.map(\.tensor)) {
        let expected = try golden.tensor("\(prefix).after.\(name)").reshape(tensor.shape)
        #expect(try relativeDifference(tensor, expected) < 1e-5, "\(name)")
      }
    } else {
      let expected = try golden.tensor("\(prefix).after.delta").reshape(after.shape)
      #expect(try relativeDifference(after, expected) < 1e-5)
    }
  }

  @Test("A share of the adapters is left out, by their seeds alone")
  func modules() throws {
    let holder = try Holder("linear", layers)
    let (adapter, _) = try golden.adapter(
      "lora-both.linear", shape: layers.shape("linear.weight"))
    let x = try layers.tensor("linear.x")
    let base = try holder(x).bytes()
    holder.setAdapters(["layer": adapter])
    let adapted = try holder(x).bytes()
    let dropout = AdapterDropout(DropoutRates(modules: 0.25))
    dropout.apply(to: holder)
    func isLeftOut(_ seed: UInt64) throws -> Bool {
      dropout.seeds = { _, draw in
        #expect(draw == .module)
        return seed &* 0x9E37_79B9_7F4A_7C15
      }
      let output = try holder(x).bytes()
      #expect(output == base || output == adapted)
      return output == base
    }
    let leftOut = try (0..<400).map(isLeftOut)
    #expect((80...120).contains(leftOut.count { $0 }), "\(leftOut.count { $0 }) of 400")
    #expect(try (0..<400).map(isLeftOut) == leftOut)
  }

  @Test("Adapters have draws of their own, and a recomputation has those of the pass")
  func recomputed() throws {
    let chain = DroppedChain()
    try Workshop().fill(chain, seed: 1)
    let sites = try chain.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    for (_, tensor) in sites.flatMap(\.tensors) {
      try noGrad { try tensor.copy(from: Generator(seed: 9).normal(tensor.shape)) }
    }
    let dropout = AdapterDropout(DropoutRates(values: 0.5, ranks: 0.2))
    dropout.apply(to: chain)
    _ = try chain.fuseAdapters()
    let x = try normal(8, 6, seed: 3)
    var numbers: Set<Int> = []
    func gradients(pass: UInt64) throws -> [[UInt8]] {
      dropout.seeds = { adapter, draw in
        numbers.insert(adapter)
        return pass * 100 + UInt64(adapter) * 2 + (draw == .values ? 0 : 1)
      }
      try chain(x).square().mean().backward()
      return try sites.flatMap(\.tensors).map { _, tensor in
        let bytes = try tensor.grad?.bytes() ?? []
        try tensor.setGrad(nil)
        return bytes
      }
    }
    let plain = try gradients(pass: 1)
    #expect(numbers == [0, 1])
    chain.setGradientCheckpointing(true)
    #expect(try gradients(pass: 1) == plain)
    #expect(try gradients(pass: 2) != plain)
  }
}

private final class DroppedUnit: Recomputable {
  let projections = Projections(6)
  var recomputedLeaves: [Tensor]?
}

private final class DroppedChain: Module {
  let units = [DroppedUnit(), DroppedUnit()]

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try units.reduce(x) { hidden, unit in
      try unit.recomputed([hidden]) { try unit.projections($0[0]) }
    }
  }
}

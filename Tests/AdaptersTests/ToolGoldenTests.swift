import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

/// Merging, resizing and extracting against torch.linalg.svd, element by element.
@Suite("Tools for LoRAs against PyTorch")
struct ToolGoldenTests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  struct Merge: Decodable {
    struct Case: Decodable {
      let shape: [Int]
      /// Rank, alpha and strength of each file.
      let files: [[Double]]
    }

    let cases: [String: Case]
    let rank: Int
  }

  struct Resize: Decodable {
    let scale: Double
    let shapes: [String: [Int]]
    let ranks: [String: [String: Int]]
  }

  struct Extract: Decodable {
    let layers: [String: [String]]
    let rank: Int
  }

  private static let rules: [String: RankRule] = [
    "rank": RankRule(.limit, limit: 3),
    "sv_ratio": RankRule(.ratio(3)),
    "sv_fro": RankRule(.frobenius(0.9)),
    "sv_cumulative": RankRule(.cumulative(0.75)),
    "sv_fro_limited": RankRule(.frobenius(0.99), limit: 2),
  ]

  private func delta(_ lora: LoRA, _ shape: [Int]) throws -> Tensor {
    try lora.fitted(to: shape, on: .cpu).delta(of: .zeros(shape))
  }

  @Test("The delta of a merge is the sum of the deltas, exactly and at a rank")
  func merge() throws {
    let golden = try Golden("tools/merge")
    let config = try golden.config(as: Merge.self)
    #expect(config.cases.count == 12)
    for (name, merge) in config.cases {
      let loras = try merge.files.enumerated().map { index, file in
        LoRA(
          down: try golden.tensor("in.\(name).\(index).down"),
          up: try golden.tensor("in.\(name).\(index).up"), scale: file[1] / file[0],
          strength: file[2])
      }
      let sum = try LoRA.sum(loras)
      let expected = try golden.tensor("out.\(name).delta")
      #expect(sum.down.shape[0] == merge.files.reduce(0) { $0 + Int($1[0]) })
      #expect(try relativeDifference(delta(sum, merge.shape), expected) < 1e-6, "\(name)")
      let norm = try Tensor.norm(of: [expected]).item()
      #expect(abs(try sum.deltaNorm().item() / norm - 1) < 1e-6, "\(name)")

      let rule = RankRule(.limit, limit: config.rank)
      let (cut, kept) = try sum.resized(by: rule, shape: merge.shape)
      #expect(cut.down.shape == [config.rank] + merge.shape.dropFirst())
      let closest = try golden.tensor("out.\(name).rank\(config.rank)")
      #expect(try relativeDifference(delta(cut, merge.shape), closest) < 1e-5, "\(name)")
      let singular = try golden.tensor("out.\(name).singular").doubles()
      #expect(abs(kept - share(singular, config.rank)) < 1e-6, "\(name)")
    }
  }

  @Test("Singular values from the factors alone equal those of the product")
  func singularValues() throws {
    let golden = try Golden("tools/merge")
    for name in ["linear-two", "convolution-three", "wide-many"] {
      let config = try #require(golden.config(as: Merge.self).cases[name])
      let loras = try config.files.enumerated().map { index, file in
        LoRA(
          down: try golden.tensor("in.\(name).\(index).down"),
          up: try golden.tensor("in.\(name).\(index).up"), scale: file[1] / file[0],
          strength: file[2])
      }
      let sum = try LoRA.sum(loras)
      let rank = sum.down.shape[0]
      let values = try Decomposition(
        up: sum.up.reshape([-1, rank]), down: sum.down.reshape([rank, -1])
      ).values
      let expected = try golden.tensor("out.\(name).singular").doubles()
      #expect(values.count == min(rank, expected.count))
      for (value, expected) in zip(values, expected) {
        #expect(abs(value * sum.scale - expected) < 1e-6 * max(1, expected), "\(name)")
      }
    }
  }

  @Test("A resized LoRA has the rank and the delta of sd-scripts, by every method")
  func resize() throws {
    let golden = try Golden("tools/resize")
    let config = try golden.config(as: Resize.self)
    for (name, shape) in config.shapes {
      let lora = LoRA(
        down: try golden.tensor("in.\(name).down"), up: try golden.tensor("in.\(name).up"),
        scale: config.scale)
      let singular = try golden.tensor("out.\(name).singular").doubles()
      for (rule, rank) in try #require(config.ranks[name]) {
        let (resized, kept) = try lora.resized(by: #require(Self.rules[rule]), shape: shape)
        #expect(resized.down.shape[0] == rank, "\(name) \(rule)")
        #expect(resized.scale == config.scale)
        let expected = try golden.tensor("out.\(name).\(rule)")
        #expect(try relativeDifference(delta(resized, shape), expected) < 1e-5, "\(name) \(rule)")
        #expect(abs(kept - share(singular, rank)) < 1e-6, "\(name) \(rule)")
      }
    }
  }

  @Test("The LoRA of two models has the closest deltas of its rank; equal layers are left out")
  func extract() throws {
    let golden = try Golden("tools/extract")
    let config = try golden.config(as: Extract.self)
    let base = try ModelDirectory(Self.tiny)
    let folder = try TemporaryDirectory()
    let place = folder.url.appending(path: "tuned")
    try ModelWriter(base, dtype: nil) { part, path, _ in
      let name = "in.\(part.rawValue).\(path.dropLast(".weight".count))"
      return path.hasSuffix(".weight") && golden.has(name) ? try golden.tensor(name) : nil
    }.writeFolder(place) { _ in }
    let extraction = try AdapterExtraction(
      from: base, to: ModelDirectory(place), layers: .all, textEncoders: true)
    var steps: [Int] = []
    let made = try extraction.extract(by: RankRule(.limit, limit: config.rank)) { done, _ in
      steps.append(done)
    }
    let expected = config.layers.flatMap { part, layers in layers.map { "\(part).\($0)" } }
    #expect(Set(made.layers.keys.map(\.text)) == Set(expected))
    #expect(made.layers.count + made.omitted.count == steps.last)
    #expect(steps == Array(1...steps.count))
    for (layer, lora) in made.layers {
      #expect(lora.down.shape[0] == config.rank && lora.scale == 1)
      let closest = try golden.tensor("out.\(layer.text)")
      #expect(try relativeDifference(delta(lora, layer.shape), closest) < 1e-5, "\(layer.text)")
      let change = try #require(made.changes.first { $0.layer == layer.text })
      let singular = try golden.tensor("out.\(layer.text).singular").doubles()
      #expect(change.oldRank == singular.count && change.newRank == config.rank)
      #expect(abs(change.keptNorm - share(singular, config.rank)) < 1e-5)
    }
  }

  @Test("A share of the norm instead of a rank keeps at least that share of every layer")
  func extractByShare() throws {
    let golden = try Golden("tools/extract")
    let base = try ModelDirectory(Self.tiny)
    let folder = try TemporaryDirectory()
    let place = folder.url.appending(path: "tuned.safetensors")
    try ModelWriter(base, dtype: nil) { part, path, _ in
      let name = "in.\(part.rawValue).\(path.dropLast(".weight".count))"
      return golden.has(name) ? try golden.tensor(name) : nil
    }.writeFile(place, metadata: [:]) { _ in }
    let made = try AdapterExtraction(
      from: base, to: ModelDirectory(place), layers: .linear, textEncoders: false
    ).extract(by: RankRule(.frobenius(0.8)))
    #expect(made.changes.count == 2)
    for change in made.changes {
      #expect(change.keptNorm >= 0.8 && change.newRank < change.oldRank)
    }
  }

  /// The share of the norm that the first singular values have.
  private func share(_ singular: [Double], _ rank: Int) -> Double {
    func squares(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } }
    return (squares(singular.prefix(rank)) / squares(singular)).squareRoot()
  }
}

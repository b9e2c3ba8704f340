import Foundation
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Long prompts and weighted words.
@Suite struct PromptReadingTests {
  private struct Recorded: Decodable {
    let prompt: String
  }

  private let model: ModelDirectory

  init() throws { model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")) }

  /// Prompts, their pieces, and the weights of these.
  private static let cases: [(prompt: String, pieces: [String], weights: [Double])] = [
    ("a cat", ["a cat"], [1]),
    ("", [], []),
    ("()", [], []),
    ("a (cat)", ["a ", "cat"], [1, 1.1]),
    ("(a (cat:2) b:0.5)", ["a ", "cat", " b"], [0.5, 1, 0.5]),
    ("[dim] light", ["dim", " light"], [1 / 1.1, 1]),
    (#"\(text\) \\ [a:b]"#, [#"(text) \ "#, "a:b"], [1, 1 / 1.1]),
    ("ratio 3:4) (open: 1", ["ratio 3:4) ", "open: 1"], [1, 1.1]),
    ("(x: 1.5 )(y:-1)", ["x", "y"], [1.5, -1]),
    ("([mixed)]", ["mixed)"], [1]),
  ]

  @Test("Brackets become weights", arguments: cases)
  func brackets(_ prompt: String, _ texts: [String], _ weights: [Double]) {
    let pieces = WeightedText.pieces(of: prompt)
    #expect(pieces.map(\.text) == texts)
    for (piece, weight) in zip(pieces, weights) {
      #expect(abs(piece.weight - weight) < 1e-12, "\(piece)")
    }
  }

  @Test("The embedding of weighted words equals an independent calculation")
  func weights() throws {
    let golden = try Golden("models/weighted-prompt")
    let prompt = try golden.config(as: Recorded.self).prompt
    let reading = PromptReading(isWeighted: true)
    let read = try model.loadPromptTokenizer().encode(prompt, as: reading)
    for (chunks, name) in zip(read.encoding.chunks, ["input_ids", "input_ids_2"]) {
      #expect(try chunks.flatMap(\.self) == golden.input(name).int64s().map { Int($0) })
    }
    let encoded = try model.loadPromptEncoder().encode(prompt, negative: nil, as: reading).prompt
    #expect(
      try golden.differences(outputs: ["embeds": encoded.embeds, "pooled": encoded.pooled]) == [])
  }

  @Test("By default a prompt with brackets equals diffusers', bit for bit, and so do weights of 1")
  func plain() throws {
    let encoder = try model.loadPromptEncoder()
    for prompt in ["a (red:1.3) cat", "a photo of sks dog", ""] {
      let plain = try encoder.encode([prompt])
      let pair = try encoder.encode(prompt, negative: nil, as: PromptReading())
      #expect(try pair.prompt.embeds.bytes() == plain.embeds.bytes())
      #expect(try pair.prompt.pooled.bytes() == plain.pooled.bytes())
      #expect(try pair.negative.embeds.floats().allSatisfy { $0 == 0 })
    }
    let dog = try encoder.encode(["a photo of sks dog"])
    let weighted = try encoder.encode(
      "a photo of (sks dog:1)", negative: "blurry", as: PromptReading(isWeighted: true))
    #expect(try weighted.prompt.embeds.bytes() == dog.embeds.bytes())
    #expect(try weighted.negative.embeds.bytes() == encoder.encode(["blurry"]).embeds.bytes())
  }

  @Test("A long prompt has all its chunks, and the negative prompt the same number")
  func long() throws {
    let encoder = try model.loadPromptEncoder()
    let prompt = Array(repeating: "two cats and a dog", count: 50).joined(separator: ", ")
    let cut = try encoder.encode(prompt, negative: "blurry", as: PromptReading())
    #expect(cut.prompt.embeds.shape == [1, 77, 64])
    let long = try encoder.encode(prompt, negative: "blurry", as: PromptReading(isLong: true))
    #expect(long.prompt.embeds.shape[1] > 3 * 77)
    #expect(long.negative.embeds.shape == long.prompt.embeds.shape)
    let whole = try encoder.encode(prompt, maxTokens: .max)
    #expect(try long.prompt.embeds.bytes() == whole.embeds.bytes())
    let other = try encoder.encode("dog", negative: prompt, as: PromptReading(isLong: true))
    #expect(other.prompt.embeds.shape == other.negative.embeds.shape)

    // A weight in a later chunk changes the embedding, but not the first chunk.
    let reading = PromptReading(isLong: true, isWeighted: true)
    let weighted = try encoder.encode("\(prompt) (\(prompt):2)", negative: nil, as: reading)
    let same = try encoder.encode("\(prompt) \(prompt)", maxTokens: .max)
    let first = try [weighted.prompt, same].map {
      try $0.embeds.narrow(dim: 1, start: 0, length: 77).bytes()
    }
    #expect(first[0] == first[1])
    #expect(try weighted.prompt.embeds.bytes() != same.embeds.bytes())
  }
}

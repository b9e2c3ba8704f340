import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// The text encoders against those of transformers.
@Suite struct TextEncoderGoldenTests {
  private let model: ModelDirectory

  init() throws {
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
  }

  @Test("The first encoder's penultimate hidden states and gradients equal transformers'")
  func first() throws {
    let golden = try Golden("models/text-encoder")
    let encoder = try model.loadTextEncoder()
    try golden.trackGradients(of: encoder)
    let output = try encoder(tokens(golden))
    let outputs = ["hidden_states": output.penultimate]
    #expect(try golden.differences(outputs: outputs, module: encoder) == [])
  }

  @Test(
    "The second encoder's states, pooled vector (at the first end token) and gradients too",
    arguments: ["models/text-encoder-2", "models/text-encoder-2-several-ends"])
  func second(_ name: String) throws {
    let golden = try Golden(name)
    let encoder = try model.loadTextEncoder2()
    try golden.trackGradients(of: encoder)
    let output = try encoder(tokens(golden))
    let outputs = ["hidden_states": output.penultimate, "text_embeds": output.pooled]
    #expect(try golden.differences(outputs: outputs, module: encoder) == [])
  }

  @Test("An eos_token_id of 2 pools at the largest token, and the correct id at its first place")
  func legacyEndToken() throws {
    let weights = try WeightSource(
      directory: model.url.appending(path: "text_encoder"), name: "model")
    var configuration = try #require(model.textEncoder)
    // The largest id is at place 2, the first 9 at place 3; 7 does not occur.
    for (end, place) in [(2, 2), (9, 3), (1013, 2), (7, 0)] {
      configuration.eosTokenId = end
      let encoder = CLIPTextModel(configuration)
      try encoder.load(from: weights)
      let output = try encoder([[1, 4, 1013, 9, 9]])
      #expect(try output.pooled.floats() == output.last.select(dim: 1, index: place).floats())
    }
  }

  @Test("SDXL's own encoders have the keys and shapes of the published files")
  func keys() throws {
    func check(_ name: String, _ make: (CLIPTextConfiguration) -> any Module) throws {
      let keys = Repository.golden.appending(path: "keys")
      let encoder = make(
        try ConfigurationFile.decode(from: keys.appending(path: "\(name)/config.json")))
      let expected = try JSONDecoder().decode(
        [String: [Int]].self,
        from: Data(contentsOf: keys.appending(path: "sdxl-\(name).keys.json")))
      let found = encoder.parameters().map { ($0.path, $0.parameter.shape) }
      #expect(Dictionary(uniqueKeysWithValues: found) == expected)
    }
    try check("text_encoder") { CLIPTextModel($0) }
    try check("text_encoder_2") { CLIPTextModelWithProjection($0) }
  }

  @Test("Prompts are embedded as in diffusers, a missing negative prompt as zeros")
  func promptEncoder() throws {
    let encoder = try model.loadPromptEncoder()
    let golden = try Golden("pictures/negative")
    let prompt = try encoder.encode(["a photo of sks dog"])
    let negative = try encoder.encodeNegative("blurry, low quality")
    let outputs = [
      "prompt_embeds": prompt.embeds, "pooled_prompt_embeds": prompt.pooled,
      "negative_prompt_embeds": negative.embeds, "negative_pooled_prompt_embeds": negative.pooled,
    ]
    #expect(try golden.differences(outputs: outputs) == [])

    let none = try encoder.encodeNegative(nil)
    #expect(try none.embeds.abs().max().item() == 0)
    #expect(try none.pooled.abs().max().item() == 0)
    let empty = try encoder.encodeNegative("")
    let expected = try Golden("pictures/empty-negative")
    #expect(
      try expected.differences(outputs: ["negative_prompt_embeds": empty.embeds]) == [])
  }

  @Test("Prompts of a batch are embedded as alone")
  func batch() throws {
    let encoder = try model.loadPromptEncoder()
    let prompts = ["a photo of sks dog", "", "two cats"]
    let batch = try encoder.encode(prompts)
    #expect(batch.embeds.shape == [3, 77, 64])
    for (index, prompt) in prompts.enumerated() {
      let alone = try encoder.encode([prompt])
      let row = try batch.embeds.narrow(dim: 0, start: index, length: 1)
      #expect(try relativeDifference(row, alone.embeds) < 1e-6)
    }
  }

  @Test("Ids and lengths beyond the model's are refused")
  func badTokens() throws {
    let encoder = try model.loadTextEncoder()
    for tokens in [[], [[]], [[1, 2], [1]], [Array(repeating: 1, count: 78)]] as [[[Int]]] {
      #expect(throws: TextEncoderError.lengths(tokens.map(\.count), limit: 77)) {
        try encoder(tokens)
      }
    }
    #expect(throws: TextEncoderError.unknownToken(1014, vocabulary: 1014)) {
      try encoder([[1, 1014]])
    }
  }

  /// The recorded ids, one list for each prompt.
  private func tokens(_ golden: Golden) throws -> [[Int]] {
    let ids = try golden.input("input_ids")
    return try (0..<ids.shape[0]).map { row in
      try ids.select(dim: 0, index: row).int64s().map { Int($0) }
    }
  }
}

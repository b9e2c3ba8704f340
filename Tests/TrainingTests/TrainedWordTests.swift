import Datasets
import Files
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Trained embeddings")
struct TrainedWordTests {
  private let training: TinyTraining

  init() throws {
    training = try TinyTraining()
    try Data("trigger: sks-toy\nclass_word: dog\n".utf8).write(
      to: training.dataset.appending(path: "subject.yaml"))
    try Data("a photo of sks-toy".utf8).write(to: training.dataset.appending(path: "0.txt"))
  }

  /// A training of the vectors alone.
  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    TinyTraining.config { config in
      config.text.embeddingTokens = 2
      config.text.embeddingLearningRate = 1e-2
      config.text.trainUnet = false
      change(&config)
    }
  }

  private func text(_ config: TrainingConfig) throws -> TextTraining {
    let setup = try training.setup(config)
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    return try #require(try TextTraining(setup, data: data))
  }

  @Test("the vectors start from words by turns, or at random from the seed, and need a new word")
  func start() throws {
    let encoder = try ModelDirectory(training.model).loadTextEncoder()
    let tokenizer = try ModelDirectory(training.model).loadPromptTokenizer()
    let ids = tokenizer.tokens(of: "the dog")[0]
    let word = try #require(
      text(
        Self.config {
          $0.text.embeddingTokens = ids.count + 1
          $0.text.embeddingInit = "the dog"
        }
      ).word)
    #expect(
      word.word == "sks-toy"
        && word.vectors.map(\.shape) == [[ids.count + 1, 24], [ids.count + 1, 40]])
    for row in 0...ids.count {
      let own = try word.vectors[0].detach().select(dim: 0, index: row).floats()
      let expected = try encoder.tokenVectors.select(dim: 0, index: ids[row % ids.count]).floats()
      #expect(own == expected)
    }
    let draws = try [UInt64(1), 1, 2].map { seed in
      try Data("trigger: sks-toy\n".utf8).write(
        to: training.dataset.appending(path: "subject.yaml"))
      return try #require(text(Self.config { $0.seed = seed }).word).vectors[1].detach().floats()
    }
    #expect(draws[0] == draws[1] && draws[0] != draws[2])

    try Data("trigger: the\n".utf8).write(to: training.dataset.appending(path: "subject.yaml"))
    #expect(throws: TextualInversionError.knownWord("the")) { try training.setup(Self.config()) }
  }

  @Test(
    "a run of vectors alone has them in a file that drawings read, and an adapter file without layers"
  )
  func file() throws {
    try training.train(run: 1, Self.config())
    let checkpoint = try training.runFolder(1).checkpoint(step: 6)
    #expect(try !checkpoint.hasAdapter())
    let url = try #require(checkpoint.embedding)
    let word = try #require(try TextualInversion.word(in: url))
    let model = try ModelDirectory(training.model)
    let embedding = try TextualInversion(contentsOf: url, for: model, word: word)
    #expect(word == "sks-toy" && embedding.count == 2)
    let start = try text(Self.config())
    let trained = [try #require(embedding.first), try #require(embedding.second)]
    for (now, before) in zip(trained, try #require(start.word).vectors) {
      #expect(try now.floats() != before.detach().floats())
    }
    // The drawing's embedding of a caption is that of the training.
    let encoder = try model.loadPromptEncoder()
    try encoder.setEmbeddings([embedding])
    let resumed = try text(Self.config())
    try noGrad {
      for (own, value) in zip(try #require(resumed.word).vectors, trained) {
        try own.copy(from: value)
      }
    }
    let caption = "a photo of sks-toy"
    let (drawn, known) = (
      try encoder.encode(caption, maxTokens: 75),
      try resumed.embedding(.caption(caption, maxTokens: 75))
    )
    #expect(try relativeDifference(known.embeds, drawn.embeds) < 1e-6)
    #expect(try relativeDifference(known.pooled, drawn.pooled) < 1e-6)
  }

  @Test("a step that is skipped, or that an average follows, leaves the vectors' deviation")
  func skipped() throws {
    let text = try text(Self.config())
    let vectors = try #require(text.word).vectors
    try noGrad { for vector in vectors { try vector.multiply(by: 3) } }
    func floats() throws -> [[Float]] { try vectors.map { try $0.detach().floats() } }
    let before = try floats()
    try text.finish(step: 0, foundInf: .ones([]), averages: false)
    try text.finish(step: 0, foundInf: .zeros([]), averages: true)
    #expect(try floats() == before)
    try text.finish(step: 0, foundInf: .zeros([]), averages: false)
    #expect(try floats() != before)
  }

  @Test("runs of vectors, alone and with all adapters, are resumed exactly")
  func resume() throws {
    let ways = [
      Self.config(),
      Self.config { config in
        config.text.trainUnet = true
        config.text.trainTextEncoders = .both
        config.text.textEncoderStopAt = 3
        config.gradientAccumulation = 2
        config.captionDropout = 0.3
        config.gradientCheckpointing = true
      },
      Self.config { config in
        config.text.trainUnet = true
        config.text.textEncoderStopAt = 0.5
        config.optimization.optimizer = .scheduleFreeAdamW
      },
    ]
    for (index, config) in ways.enumerated() {
      let runs = [3 * index + 1, 3 * index + 2, 3 * index + 3]
      try training.train(run: runs[0], config)
      for (run, stops) in [(runs[1], [1, 3, 5]), (runs[2], [2, 4])] {
        try training.train(run: run, config, stoppedAfter: stops)
      }
      let files = ["adapter.safetensors", "optimizer.safetensors", "embedding.safetensors"]
      let hashes = try runs.map { run in
        let checkpoint = try training.runFolder(run).checkpoint(step: 6)
        return try files.map { try ContentHash.of(fileAt: checkpoint.url.appending(path: $0)) }
      }
      #expect(hashes[1] == hashes[0] && hashes[2] == hashes[0], "way \(index)")
    }
  }
}

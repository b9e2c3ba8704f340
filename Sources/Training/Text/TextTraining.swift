import Datasets
import NN
import StableDiffusion
import Torch

/// The text encoders that a training changes. While they are trained, each pass encodes its captions, with
/// gradients. Then they stay as they are, and every caption is encoded once.
///
/// The hidden states of an encoder that is not trained come from the caches.
final class TextTraining {
  let encoders: [TrainedEncoder]
  /// The new word whose vectors are trained; nil if there is none.
  let word: TrainedWord?
  /// The number of steps after which the encoders stay as they are.
  let stopAt: Int

  private let tokenizer: PromptTokenizer
  private let forcesZeros: Bool
  /// The embedding of a prompt by the base model. Called only if an encoder is not trained, and for a
  /// missing negative prompt.
  private let base: (TextPrompt) throws -> PromptEmbedding
  /// Embeddings by the present encoders.
  private var known: MemoryCache<TextPrompt, PromptEmbedding>

  /// - Parameters:
  ///   - word: The new word; the tokenizer knows it.
  ///   - forcesZeros: Whether a missing negative prompt is encoded as zeros.
  ///   - base: Returns the embedding of a prompt by the base model.
  init(
    _ encoders: [TrainedEncoder], word: TrainedWord? = nil, tokenizer: PromptTokenizer,
    forcesZeros: Bool, stopAt: Int,
    base: @escaping (TextPrompt) throws -> PromptEmbedding
  ) {
    self.encoders = encoders
    self.word = word
    self.tokenizer = tokenizer
    self.forcesZeros = forcesZeros
    self.stopAt = stopAt
    self.base = base
    known = MemoryCache(limit: MemoryCache<TextPrompt, PromptEmbedding>.standardLimit)
  }

  /// The trained text encoders of a setup; nil if there are none. Throws `ModelError`, `WeightsError`,
  /// `AdapterError`, `TorchError`.
  convenience init?(_ setup: TrainingSetup, data: PreparedData) throws {
    let text = setup.config.text
    let parts = text.trainedParts
    guard !parts.isEmpty else { return nil }
    let encoders = try parts.map { try TrainedEncoder($0, of: setup) }
    var tokenizer = try setup.model.loadPromptTokenizer()
    var word: TrainedWord?
    if let count = text.embeddingTokens {
      let token = setup.dataset.subject.token
      word = try TrainedWord(
        token, count: count, of: encoders.map(\.model), setup, tokenizer: tokenizer)
      tokenizer = try setup.model.tokenizer(tokenizer, adding: token, count: count)
    }
    self.init(
      encoders, word: word, tokenizer: tokenizer,
      forcesZeros: setup.model.forceZerosForEmptyPrompt, stopAt: setup.config.textEncoderStop,
      base: data.texts.embedding)
  }

  /// Whether the encoders are trained in a step, from 0.
  func isTrained(inStep step: Int) -> Bool { step < stopAt }

  /// Whether an encoder is not trained, so that its hidden states come from the caches.
  var needsBase: Bool { encoders.count < 2 }

  /// The embedding of a prompt by the present encoders, without gradients, on the CPU.
  func embedding(_ prompt: TextPrompt) throws -> PromptEmbedding {
    if let embedding = known.value(prompt) { return embedding }
    let encoded = try noGrad { try encode([prompt]) { try base(prompt) } }
    let embedding = PromptEmbedding(
      embeds: try encoded.embeds.to(.cpu), pooled: try encoded.pooled.to(.cpu))
    known.insert(
      embedding, bytes: embedding.embeds.byteCount + embedding.pooled.byteCount, for: prompt)
    return embedding
  }

  /// Forgets embeddings. Call it after every change of the adapters.
  func forget() {
    known = MemoryCache(limit: MemoryCache<TextPrompt, PromptEmbedding>.standardLimit)
  }

  /// Follows a step of the optimizer. Throws `TorchError`.
  ///
  /// - Parameters:
  ///   - foundInf: 1 if the step has changed nothing, on the device.
  ///   - averages: Whether the optimizer averages the steps, which a change of the trained values between them
  ///     would disturb.
  func finish(step: Int, foundInf: Tensor, averages: Bool) throws {
    guard isTrained(inStep: step) else { return }
    if let word, !averages, try foundInf.item() != 1 { try word.retract() }
    forget()
  }

  /// The number of chunks of the longest of some texts.
  func chunkCount(_ texts: [TextPrompt]) -> Int {
    texts.map { $0.encoding(by: tokenizer).chunks[0].count }.max() ?? 1
  }

  /// The embeddings of `B` texts by the present encoders, `[B, 77 n, C]` and `[B, P]`.
  ///
  /// - Parameters:
  ///   - chunks: The number of chunks; nil: as many as the longest text has. Missing ones are empty.
  ///   - base: Returns the embeddings by the base model, of the same length. Called only if an encoder is
  ///     not trained.
  func encode(
    _ texts: [TextPrompt], chunks: Int? = nil, base: () throws -> PromptEmbedding
  ) throws -> PromptEmbedding {
    if texts == [.negative(nil)], forcesZeros { return try self.base(texts[0]) }
    let encodings = texts.map { $0.encoding(by: tokenizer) }
    let count = chunks ?? chunkCount(texts)
    let empty = tokenizer.encode("").chunks
    let outputs = try encoders.map { encoder in
      let index = encoder.index
      let output = try encoder.model(
        encodings.flatMap { encoding in
          let own = encoding.chunks[index]
          return own + Array(repeating: empty[index][0], count: count - own.count)
        })
      return PromptEmbedding(
        embeds: try output.penultimate.reshape([texts.count, -1, output.penultimate.shape[2]]),
        pooled: try output.pooled.reshape([texts.count, count, -1]).select(dim: 1, index: 0))
    }
    if outputs.count == 2 {
      return PromptEmbedding(
        embeds: try .cat(outputs.map(\.embeds), dim: 2), pooled: outputs[1].pooled)
    }
    let (own, isFirst) = (outputs[0], encoders[0].index == 0)
    let frozen = try base()
    let width = own.embeds.shape[2]
    let other = try frozen.embeds.narrow(
      dim: 2, start: isFirst ? width : 0, length: frozen.embeds.shape[2] - width
    ).to(own.embeds.device)
    return PromptEmbedding(
      embeds: try .cat(isFirst ? [own.embeds, other] : [other, own.embeds], dim: 2),
      pooled: isFirst ? try frozen.pooled.to(own.embeds.device) : own.pooled)
  }
}

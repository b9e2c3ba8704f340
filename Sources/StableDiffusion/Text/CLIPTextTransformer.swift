public import NN
import Torch

/// Embeddings, encoder and final norm: the weights under `text_model` in the published files.
public final class CLIPTextTransformer: Module {
  let embeddings: CLIPTextEmbeddings
  let encoder: CLIPEncoder
  let finalLayerNorm: LayerNorm
  private let eosTokenId: Int
  private let vocabSize: Int

  init(_ configuration: CLIPTextConfiguration) {
    embeddings = CLIPTextEmbeddings(configuration)
    encoder = CLIPEncoder(configuration)
    finalLayerNorm = LayerNorm(configuration.hiddenSize, eps: configuration.layerNormEps)
    eosTokenId = configuration.eosTokenId
    vocabSize = configuration.vocabSize
  }

  /// The output for `tokens` `[B][N]`, with `pooled` before any projection.
  func callAsFunction(_ tokens: [[Int]]) throws -> CLIPTextOutput {
    let (penultimate, last) = try encoder(embeddings(tokens))
    let normed = try finalLayerNorm(last)
    let places = tokens.enumerated().map { row, ids in row * ids.count + pooledPlace(ids) }
    let index = try Tensor(places.map(Int64.init), shape: [places.count]).to(normed.device)
    let rows = try normed.reshape([-1, normed.shape[2]])
    return CLIPTextOutput(
      penultimate: penultimate, last: normed, pooled: try rows.indexSelect(dim: 0, index))
  }

  /// The place of the first end token. Older configurations have the wrong id 2 and use the first
  /// place of the largest id of the vocabulary instead. (transformers then takes a vector of an
  /// embedding for the end, since its id is larger; A1111, ComfyUI and sd-scripts do not.)
  private func pooledPlace(_ ids: [Int]) -> Int {
    let wanted = eosTokenId == 2 ? ids.filter { $0 < vocabSize }.max() : eosTokenId
    return ids.firstIndex { $0 == wanted } ?? 0
  }
}

/// Token plus position embeddings (transformers `CLIPTextEmbeddings`).
final class CLIPTextEmbeddings: Module {
  let tokenEmbedding: Embedding
  let positionEmbedding: Embedding
  /// The vectors of the ids above the vocabulary, `[n, C]` each.
  var addedVectors: [Tensor] = []
  /// The number of ids of the vocabulary.
  let vocabSize: Int
  private let maxPositionEmbeddings: Int

  init(_ configuration: CLIPTextConfiguration) {
    vocabSize = configuration.vocabSize
    maxPositionEmbeddings = configuration.maxPositionEmbeddings
    tokenEmbedding = Embedding(vocabSize, configuration.hiddenSize)
    positionEmbedding = Embedding(maxPositionEmbeddings, configuration.hiddenSize)
  }

  /// `[B][N]` to `[B, N, C]`.
  func callAsFunction(_ tokens: [[Int]]) throws -> Tensor {
    let length = tokens.first?.count ?? 0
    guard (1...maxPositionEmbeddings).contains(length), tokens.allSatisfy({ $0.count == length })
    else {
      throw TextEncoderError.lengths(tokens.map(\.count), limit: maxPositionEmbeddings)
    }
    // Checked here, because on a GPU an index out of range ends the process.
    let known = 0..<addedVectors.reduce(vocabSize) { $0 + $1.shape[0] }
    if let id = tokens.joined().first(where: { !known.contains($0) }) {
      throw TextEncoderError.unknownToken(id, vocabulary: known.count)
    }
    let positions = try positionEmbedding.weight.tensor.narrow(dim: 0, start: 0, length: length)
    return try vectors(of: Array(tokens.joined()), shape: [tokens.count, length], like: positions)
      + positions
  }

  /// The vectors of ids, `shape + [C]`. A row of the vocabulary and one of the added vectors are
  /// looked up for each place, and the other is multiplied by 0, so that gradients reach the added
  /// vectors alone.
  private func vectors(of ids: [Int], shape: [Int], like other: Tensor) throws -> Tensor {
    func look(_ ids: [Int], _ find: (Tensor) throws -> Tensor) throws -> Tensor {
      try find(Tensor(ids.map(Int64.init), shape: shape).to(other.device))
    }
    guard ids.contains(where: { $0 >= vocabSize }) || addedVectors.contains(where: \.requiresGrad)
    else {
      return try look(ids) { try tokenEmbedding($0) }
    }
    let own = try look(ids.map { $0 < vocabSize ? $0 : 0 }) { try tokenEmbedding($0) }
    let added = try look(ids.map { max(0, $0 - vocabSize) }) {
      try $0.embedding(.cat(addedVectors.map { try $0.to(other.dtype) }, dim: 0))
    }
    let isAdded = try Tensor(ids.map { $0 < vocabSize ? Float(0) : 1 }, shape: shape + [1])
      .to(other.dtype).to(other.device)
    return try own * (1 - isAdded) + added * isAdded
  }
}

/// The stack of transformer blocks (transformers `CLIPEncoder`).
final class CLIPEncoder: Module {
  let layers: [CLIPEncoderLayer]

  init(_ configuration: CLIPTextConfiguration) {
    layers = (0..<configuration.numHiddenLayers).map { _ in CLIPEncoderLayer(configuration) }
  }

  /// The input of the last block and its output, both `[B, N, C]` (`hidden_states[-2]`, `[-1]`).
  func callAsFunction(_ embeddings: Tensor) throws -> (penultimate: Tensor, last: Tensor) {
    var states = (penultimate: embeddings, last: embeddings)
    for layer in layers {
      states = (penultimate: states.last, last: try layer(states.last))
    }
    return states
  }
}

public import NN
import Torch

/// Embeddings, encoder and final norm: the weights under `text_model` in the published files.
public final class CLIPTextTransformer: Module {
  let embeddings: CLIPTextEmbeddings
  let encoder: CLIPEncoder
  let finalLayerNorm: LayerNorm
  private let eosTokenId: Int

  init(_ configuration: CLIPTextConfiguration) {
    embeddings = CLIPTextEmbeddings(configuration)
    encoder = CLIPEncoder(configuration)
    finalLayerNorm = LayerNorm(configuration.hiddenSize, eps: configuration.layerNormEps)
    eosTokenId = configuration.eosTokenId
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
  /// place of the largest id instead, which differs if tokens above the end token were added.
  private func pooledPlace(_ ids: [Int]) -> Int {
    let wanted = eosTokenId == 2 ? ids.max() : eosTokenId
    return ids.firstIndex { $0 == wanted } ?? 0
  }
}

/// Token plus position embeddings (transformers `CLIPTextEmbeddings`).
final class CLIPTextEmbeddings: Module {
  let tokenEmbedding: Embedding
  let positionEmbedding: Embedding
  private let vocabSize: Int
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
    if let id = tokens.joined().first(where: { !(0..<vocabSize).contains($0) }) {
      throw TextEncoderError.unknownToken(id, vocabulary: vocabSize)
    }
    let positions = try positionEmbedding.weight.tensor.narrow(dim: 0, start: 0, length: length)
    let ids = try Tensor(tokens.joined().map(Int64.init), shape: [tokens.count, length])
    return try tokenEmbedding(ids.to(positions.device)) + positions
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

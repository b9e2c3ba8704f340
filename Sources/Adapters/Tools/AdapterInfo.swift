public import Foundation
import NN
import Torch

/// What is in an adapter file.
public struct AdapterInfo: Encodable {
  /// One part of the model.
  public struct Part: Encodable {
    /// `unet`, `text_encoder` or `text_encoder_2`.
    public let part: String
    /// The number of layers.
    public let layers: Int
    /// The number of layers in each group of blocks, by the names in the file.
    public let blocks: [String: Int]
    /// The 2-norm of all deltas of the part together.
    public let deltaNorm: Double?
  }

  /// One layer.
  public struct Layer: Encodable {
    /// The name in the file.
    public let name: String
    /// The kind of adapter, such as `LoRA`.
    public let kind: String
    /// The rank; nil for a kind without one.
    public let rank: Int?
    /// alpha; equal to the rank if the file has none.
    public let alpha: Double?
    /// The Frobenius norm of the delta; nil if that depends on the base's weight.
    public let deltaNorm: Double?
  }

  /// The file.
  public let file: String
  /// Its size in bytes, or that of a folder's files.
  public let bytes: Int
  /// The naming of the tensors, in words.
  public let format: String
  /// The family of base models, if the layers show it.
  public let family: ModelFamily?
  /// The number of layers of each kind of adapter.
  public let kinds: [String: Int]
  /// The number of tensors of each element type.
  public let types: [String: Int]
  /// The parts of the model that have layers.
  public let parts: [Part]
  /// The layers by name.
  public let layers: [Layer]
  /// The words that a prompt needs, if the file names them.
  public let trigger: String?
  /// The free text in the file's header.
  public let metadata: [String: String]

  /// Reads a file. Throws as `AdapterFile`.
  public init(contentsOf url: URL) throws {
    let adapter = try AdapterFile(contentsOf: url)
    let files = try AdapterFile.files(at: url).map { try SafetensorsFile(contentsOf: $0) }
    let tensors = files.flatMap { file in file.names.map { (name: $0, file: file) } }
    file = url.relativePath
    bytes = files.reduce(0) { $0 + $1.size }
    format = FileNaming(tensors.map(\.name)).description
    family = adapter.family
    types = tensors.reduce(into: [:]) {
      $0[$1.file.dtype(of: $1.name)?.rawValue ?? "unknown", default: 0] += 1
    }
    metadata = files.reduce(into: [:]) { all, file in all.merge(file.metadata) { own, _ in own } }
    trigger = adapter.trigger
    let named = adapter.layers.sorted { $0.key.text < $1.key.text }
    layers = try named.map { name, adapter in
      Layer(
        name: name.text, kind: type(of: adapter).name, rank: adapter.rank, alpha: adapter.alpha,
        deltaNorm: try adapter.changeNorm())
    }
    kinds = layers.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    parts = Self.parts(of: layers)
  }

  private static func parts(of layers: [Layer]) -> [Part] {
    Dictionary(grouping: layers) { LayerPlace($0.name).part }.sorted { $0.key < $1.key }.map {
      part, layers in
      let norms = layers.compactMap(\.deltaNorm)
      return Part(
        part: part, layers: layers.count,
        blocks: layers.reduce(into: [:]) { $0[LayerPlace($1.name).block, default: 0] += 1 },
        deltaNorm: norms.isEmpty ? nil : norms.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
  }

  enum CodingKeys: String, CodingKey {
    case file, bytes, format, family, kinds, types, parts, layers, trigger, metadata
  }
}

extension AdapterInfo.Part {
  enum CodingKeys: String, CodingKey {
    case part, layers, blocks
    case deltaNorm = "delta_norm"
  }
}

extension AdapterInfo.Layer {
  enum CodingKeys: String, CodingKey {
    case name, kind, rank, alpha
    case deltaNorm = "delta_norm"
  }
}

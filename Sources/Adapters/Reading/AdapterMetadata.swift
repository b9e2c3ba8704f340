import Files
import Foundation
import NN
import StableDiffusion

/// Rank and alpha of an adapter, with the keys of PEFT's LoraConfig. diffusers writes them into the
/// file's header under `lora_adapter_metadata`, as one JSON object whose keys begin with the part's
/// name (`unet.r`). PEFT writes them beside the file, into `adapter_config.json`.
struct AdapterMetadata: Decodable {
  static let key = "lora_adapter_metadata"

  private let parts: [ModelDirectory.Component: Part]

  /// Reads the metadata from the header, or else from the file beside the adapter. Nil if neither
  /// has any; alpha then equals the rank. Throws `AdapterFileError.malformedMetadata`,
  /// `FileAccessError.unreadable`.
  init?(header: [String: String], besideFileAt url: URL) throws {
    if let text = header[Self.key] {
      try self.init(Data(text.utf8), of: "\(url.relativePath) (\(Self.key) in its header)")
      return
    }
    let neighbour = url.deletingLastPathComponent().appending(path: AdapterFile.configurationName)
    let json: Data
    do {
      json = try Data(contentsOf: neighbour)
    } catch CocoaError.fileReadNoSuchFile {
      return nil
    } catch {
      throw FileAccessError.unreadable(file: neighbour.relativePath, reason: error.reason)
    }
    try self.init(json, of: neighbour.relativePath)
  }

  private init(_ json: Data, of file: String) throws(AdapterFileError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch {
      throw .malformedMetadata(file: file, problem: Self.problem(error))
    }
  }

  private static func problem(_ error: any Error) -> String {
    func name(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    switch error as? DecodingError {
    case .typeMismatch(let type, let context) where !context.codingPath.isEmpty:
      return "\(name(context)) is not of type \(type)"
    case .valueNotFound(_, let context): return "\(name(context)) is null"
    case .typeMismatch: return "it is not a JSON object"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(name(context)) is \(context.debugDescription)"
    default: return "it is not JSON"
    }
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let components: [ModelDirectory.Component] = [.unet, .textEncoder, .textEncoder2]
    parts = Dictionary(
      uniqueKeysWithValues: try components.compactMap { component in
        try Part(fields, of: component).map { (component, $0) }
      })
  }

  /// The factor on the update of a layer: alpha / rank, or alpha / sqrt(rank) for a rank-stabilised
  /// adapter (Kalajdzievski 2023). Nil if the metadata has no alpha for the layer's part.
  func scale(of path: String, in component: ModelDirectory.Component, rank: Int) -> Double? {
    guard let part = parts[component] else { return nil }
    let own = part.alphaPattern.first { path == $0.key || path.hasSuffix(".\($0.key)") }
    let rank = Double(rank)
    return (own?.value ?? part.alpha) / (part.isRankStabilized ? rank.squareRoot() : rank)
  }

  /// alpha / rank of a layer by the configuration alone; nil if that has no alpha or no rank.
  func scale(of path: String, in component: ModelDirectory.Component) -> Double? {
    guard let part = parts[component] else { return nil }
    let own = part.rankPattern.first { path == $0.key || path.hasSuffix(".\($0.key)") }
    return (own?.value ?? part.rank).flatMap { scale(of: path, in: component, rank: $0) }
  }

  /// Whether the adapters of a part are DoRA: `use_dora`.
  func isWeightDecomposed(_ component: ModelDirectory.Component) -> Bool {
    parts[component]?.isWeightDecomposed ?? false
  }

  /// The values for one part of the model.
  private struct Part {
    let alpha: Double
    let alphaPattern: [String: Double]
    let rank: Int?
    let rankPattern: [String: Int]
    let isRankStabilized: Bool
    let isWeightDecomposed: Bool

    /// Nil if there is no alpha, neither for the part nor for the whole file.
    init?(_ fields: KeyedDecodingContainer<Key>, of component: ModelDirectory.Component) throws {
      func key(_ name: String) -> Key {
        let ofPart = Key("\(component.rawValue).\(name)")
        return fields.contains(ofPart) ? ofPart : Key(name)
      }
      // LoRA's configuration has `lora_alpha`, those of LoHa and LoKr have `alpha`.
      guard
        let alpha = try fields.decodeIfPresent(Double.self, forKey: key("lora_alpha"))
          ?? fields.decodeIfPresent(Double.self, forKey: key("alpha"))
      else { return nil }
      rank = try fields.decodeIfPresent(Int.self, forKey: key("r"))
      rankPattern =
        try fields.decodeIfPresent([String: Int].self, forKey: key("rank_pattern")) ?? [:]
      self.alpha = alpha
      alphaPattern =
        try fields.decodeIfPresent([String: Double].self, forKey: key("alpha_pattern")) ?? [:]
      isRankStabilized = try fields.decodeIfPresent(Bool.self, forKey: key("use_rslora")) ?? false
      isWeightDecomposed = try fields.decodeIfPresent(Bool.self, forKey: key("use_dora")) ?? false
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }
}

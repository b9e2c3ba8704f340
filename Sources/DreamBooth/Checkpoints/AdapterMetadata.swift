import Foundation
import StableDiffusion

/// What PEFT's LoraConfig says of an adapter's scale. diffusers keeps it in the file's header under
/// `lora_adapter_metadata`, as one JSON object with every key after the part's name (`unet.r`); PEFT
/// keeps it beside the file in `adapter_config.json`.
struct AdapterMetadata: Decodable {
  private static let key = "lora_adapter_metadata"

  private let parts: [ModelDirectory.Component: Part]

  /// What belongs to an adapter file with this header. An adapter of which nothing is said, or
  /// nothing that can be read, has alpha = rank.
  init?(header: [String: String], besideFileAt url: URL) {
    let neighbour = url.deletingLastPathComponent().appending(path: AdapterFile.configurationName)
    do {
      let json = try header[Self.key].map { Data($0.utf8) } ?? Data(contentsOf: neighbour)
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch {
      return nil
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

  /// What the update of a layer is multiplied with: alpha / rank, or alpha / sqrt(rank) where the
  /// adapter is rank-stabilised (Kalajdzievski 2023). Nil where nothing is said of its part.
  func scale(of path: String, in component: ModelDirectory.Component, rank: Int) -> Double? {
    guard let part = parts[component] else { return nil }
    let own = part.alphaPattern.first { path == $0.key || path.hasSuffix(".\($0.key)") }
    let rank = Double(rank)
    return (own?.value ?? part.alpha) / (part.isRankStabilized ? rank.squareRoot() : rank)
  }

  /// The header's entries for an adapter of one rank and alpha.
  static func header(rank: Int, alpha: Double, targets: [String]) throws -> [String: String] {
    struct Fields: Encodable {
      let rank: Int
      let alpha: Double
      let targets: [String]

      enum CodingKeys: String, CodingKey {
        case rank = "unet.r"
        case alpha = "unet.lora_alpha"
        case targets = "unet.target_modules"
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let fields = try encoder.encode(Fields(rank: rank, alpha: alpha, targets: targets))
    return ["format": "pt", key: String(decoding: fields, as: UTF8.self)]
  }

  /// What is said of one part of the model.
  private struct Part {
    let alpha: Double
    let alphaPattern: [String: Double]
    let isRankStabilized: Bool

    /// Nil where nothing is said of it, neither with its name nor of the file as a whole.
    init?(_ fields: KeyedDecodingContainer<Key>, of component: ModelDirectory.Component) throws {
      func key(_ name: String) -> Key {
        let ofPart = Key("\(component.rawValue).\(name)")
        return fields.contains(ofPart) ? ofPart : Key(name)
      }
      guard let alpha = try fields.decodeIfPresent(Double.self, forKey: key("lora_alpha")) else {
        return nil
      }
      self.alpha = alpha
      alphaPattern =
        try fields.decodeIfPresent([String: Double].self, forKey: key("alpha_pattern")) ?? [:]
      isRankStabilized = try fields.decodeIfPresent(Bool.self, forKey: key("use_rslora")) ?? false
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

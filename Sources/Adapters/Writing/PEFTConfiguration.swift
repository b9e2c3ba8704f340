import Foundation
import NN
import StableDiffusion

/// The ranks, alphas and layers of one part's adapters, with the keys of PEFT's LoraConfig.
struct PEFTConfiguration {
  private let rank: Int
  private let alpha: Double
  private let targets: [String]
  private let rankPattern: [String: Int]
  private let alphaPattern: [String: Double]

  /// - Parameter layers: all layers of the part, those without an adapter too.
  init(of adapters: LayerAdapters, among layers: [AdaptableLayers.Layer]) {
    func mostFrequent<Value: Hashable & Comparable>(_ values: [Value]) -> Value? {
      Dictionary(grouping: values) { $0 }.max {
        ($0.value.count, $1.key) < ($1.value.count, $0.key)
      }?
      .key
    }
    let ranks = adapters.compactMapValues(\.rank)
    let alphas = adapters.compactMapValues(\.alpha)
    let (rank, alpha) = (mostFrequent(Array(ranks.values)), mostFrequent(Array(alphas.values)))
    self.rank = rank ?? 0
    self.alpha = alpha ?? 0
    func pattern<Value: Equatable>(
      _ values: [AdaptableLayers.Layer: Value], besides common: Value?
    ) -> [String: Value] {
      Dictionary(
        uniqueKeysWithValues: values.filter { $0.value != common }.map { ($0.key.path, $0.value) })
    }
    rankPattern = pattern(ranks, besides: rank)
    alphaPattern = pattern(alphas, besides: alpha)
    targets = Self.targets(of: adapters, among: layers)
  }

  /// The shortest ends of paths that match these layers and no others; the whole paths if there are
  /// none.
  private static func targets(
    of adapters: LayerAdapters, among layers: [AdaptableLayers.Layer]
  ) -> [String] {
    let ends = Set(adapters.keys.map { end(of: $0.path) })
    let matched = layers.filter { layer in
      ends.contains { layer.path == $0 || layer.path.hasSuffix(".\($0)") }
    }
    return matched.count == adapters.count ? ends.sorted() : adapters.keys.map(\.path).sorted()
  }

  /// `to_q`, or `to_out.0` where a number ends the path.
  private static func end(of path: String) -> String {
    let parts = path.split(separator: ".")
    let isIndex = parts.last.flatMap { Int($0) } != nil
    return parts.suffix(isIndex ? 2 : 1).joined(separator: ".")
  }

  private func fields(prefix: String) -> [String: Any] {
    Dictionary(
      uniqueKeysWithValues: [
        ("r", rank as Any), ("lora_alpha", alpha), ("target_modules", targets),
        ("rank_pattern", rankPattern), ("alpha_pattern", alphaPattern),
      ].map { (prefix + $0.0, $0.1) })
  }

  /// The file beside an adapter that PEFT writes: `adapter_config.json`.
  func file() throws -> Data {
    let fixed: [String: Any] = [
      "peft_type": "LORA", "bias": "none", "fan_in_fan_out": false, "inference_mode": true,
      "init_lora_weights": true, "lora_dropout": 0, "use_dora": false, "use_rslora": false,
    ]
    return try JSONSerialization.data(
      withJSONObject: fixed.merging(fields(prefix: "")) { $1 },
      options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
  }

  /// The value of diffusers' key `lora_adapter_metadata`: one JSON object for all parts, whose keys
  /// begin with the part's name.
  static func header(
    _ parts: [(part: ModelDirectory.Component, configuration: PEFTConfiguration)]
  ) throws -> String {
    let fields = parts.reduce(into: [String: Any]()) { all, part in
      all.merge(part.configuration.fields(prefix: "\(part.part.rawValue).")) { $1 }
    }
    let json = try JSONSerialization.data(
      withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: json, as: UTF8.self)
  }
}

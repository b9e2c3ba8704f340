import Options
import Yams

/// The options that a template and its entries may set: those of a single picture.
enum CampaignKeys {
  static let all = DrawingOptions.pictureKeys

  /// What another program's name is among these options; nil if it is none of them.
  static func foreign(_ name: String) -> ForeignName? {
    DrawingOptions.foreign(name).flatMap { $0.keys.allSatisfy(all.contains) ? $0 : nil }
  }

  /// The options that a file sets. Throws `ConfigError`.
  static func request(
    _ nodes: [String: Node], origin: (String) -> ConfigOrigin
  ) throws(ConfigError) -> DrawingRequest {
    let own = nodes.filter { all.contains($0.key) }
    var layers = OptionLayers<DrawingOptions>()
    layers.add(own, origin: origin)
    let request = try DrawingRequest(layers)
    let schema = DrawingOptions.schema
    for (key, side) in [
      (schema.key(of: \.$width), request.options.width),
      (schema.key(of: \.$height), request.options.height),
    ] {
      guard let side, !side.isMultiple(of: 8) else { continue }
      throw .invalidValue(
        key: key, origin: origin(key), found: "\(side)", allowed: "a positive multiple of 8")
    }
    return request
  }
}

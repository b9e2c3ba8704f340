package import Options
import StableDiffusion

/// The layers that get an adapter, as an option: the name of a preset, or patterns.
package struct LayerTargets: OptionValue, CustomStringConvertible {
  /// Names of presets and patterns of layers, as they were written.
  package let names: [String]

  /// The patterns of a preset become its name.
  package init(_ names: [String]) {
    let preset = AdapterPreset.allCases.first { Set($0.patterns) == Set(names) }
    self.names = preset.map { [$0.rawValue] } ?? names
  }

  /// The patterns of the layers, those of presets included.
  package var patterns: [String] {
    names.flatMap { AdapterPreset(rawValue: $0)?.patterns ?? [$0] }
  }

  /// Reads a name or a list of names.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      self.init([name])
    } else {
      self.init(try container.decode([String].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(names)
  }

  package static var kind: OptionKind { .list(.choice(AdapterPreset.allCases.map(\.rawValue))) }
  package var description: String { names.text }
  package var yaml: String { names.count == 1 ? names[0].yaml : names.yaml }
}

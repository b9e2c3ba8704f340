import ArgumentParser
import Options
import Synchronization

/// In this target, `Option` is the argument parser's. Options of a table are `TrainingConfig.Option`.
typealias Option = ArgumentParser.Option

/// The options of a table that a group has flags for.
protocol FlagSelection {
  associatedtype Table: OptionTable

  static func contains(_ option: OptionEntry) -> Bool
}

/// A flag for each selected option of a table. Name, help and completion come from the declaration. The
/// parser finds flags by reflection, so the mirror is made from the table.
struct TableFlags<Selection: FlagSelection>: ParsableArguments, CustomReflectable {
  /// The options given as flags.
  private(set) var overrides = OptionOverrides<Selection.Table>()

  private static var options: [OptionEntry] {
    Selection.Table.schema.options.filter(Selection.contains)
  }

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: FlagKey.self)
    for option in Self.options {
      for key in option.formerly + [option.key] {
        try read(option, from: container, FlagKey(key))
      }
      if option.kind.isList { try read(option, from: container, .other(option.key)) }
    }
  }

  private mutating func read(
    _ option: OptionEntry, from container: KeyedDecodingContainer<FlagKey>, _ key: FlagKey
  ) throws {
    switch option.kind {
    case .boolean:
      if let isOn = try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue {
        overrides.set(key: option.key, to: isOn.description)
      }
    case .list:
      let texts = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
      if !texts.isEmpty { overrides.set(key: option.key, toList: texts) }
    default:
      if let text = try container.decode(Option<String?>.self, forKey: key).wrappedValue {
        overrides.set(key: option.key, to: text)
      }
    }
  }

  var customMirror: Mirror {
    Mirror(self, children: Self.declarations.map { (label: $0.label, value: $0.value) })
  }

  /// The flags by their keys. They are made once, since the parser reads them many times over.
  private static var declarations: [Declaration] {
    declared.withLock { declared in
      let selection = ObjectIdentifier(Selection.self)
      if let declarations = declared[selection] { return declarations }
      let declarations = options.flatMap { option in
        [(label: option.key, value: flag(for: option))]
          + option.formerly.map { (label: $0, value: flag(for: option, formerly: $0)) }
          + (option.kind.isList
            ? [(label: FlagKey.other(option.key).stringValue, value: listFlag(for: option))] : [])
      }
      declared[selection] = declarations
      return declarations
    }
  }

  /// The flag of an option, or a hidden flag for a former key.
  private static func flag(for option: OptionEntry, formerly key: String? = nil) -> any Sendable {
    let name = NameSpecification.customLong(option.flagName(key ?? option.key))
    let help = ArgumentHelp(
      option.flagHelp, valueName: option.valueName, visibility: key == nil ? .default : .hidden)
    switch option.kind {
    case .boolean: return Flag<Bool?>(name: name, inversion: .prefixedNo, help: help)
    case .list: return Option<[String]>(wrappedValue: [], name: name, help: help)
    default:
      return Option<String?>(
        wrappedValue: nil, name: name, help: help, completion: option.completion)
    }
  }
}

extension TableFlags {
  /// A hidden flag with the other number of a list: `--sample-prompts`, `--target`.
  private static func listFlag(for option: OptionEntry) -> any Sendable {
    Option<[String]>(
      wrappedValue: [],
      name: .customLong(option.otherFlagName),
      help: ArgumentHelp(option.flagHelp, valueName: option.valueName, visibility: .hidden))
  }
}

private typealias Declaration = (label: String, value: any Sendable)

/// The declarations of every selection so far.
private let declared = Mutex<[ObjectIdentifier: [Declaration]]>([:])

/// An option's key in the parser's decoder.
private struct FlagKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ key: String) { stringValue = key }

  /// The key of the flag with the other number of a list.
  static func other(_ key: String) -> FlagKey { FlagKey("other \(key)") }

  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

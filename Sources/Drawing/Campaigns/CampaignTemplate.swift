package import Foundation
import Options
import Yams

/// A campaign's YAML file: a prompt with placeholders such as `{place}`, a list of the same name for
/// each placeholder, seeds, and strengths of the adapters.
package struct CampaignTemplate: Sendable {
  private enum Key: String, CaseIterable {
    case prompt, seeds, strengths
  }

  /// A placeholder and the entries that replace it.
  package struct List: Sendable {
    /// The name in braces.
    package let name: String
    package let entries: [CampaignEntry]
    /// Whether the file has a single text in place of a list. It is then no part of file names.
    let isSingle: Bool
  }

  /// The path that the user gave.
  package let file: String
  let prompt: PromptTemplate
  let negative: PromptTemplate?
  /// In the order of their placeholders in the prompts.
  package let lists: [List]
  /// nil if the file has no `seeds`.
  package let seeds: [UInt64]?
  /// The seeds that were drawn at random, in place of negative ones.
  package let drawnSeeds: [UInt64]
  /// Factors for the strengths of all adapters; nil if the file has no `strengths`.
  package let strengths: [Double]?
  let request: DrawingRequest

  private static let known = Key.allCases.map(\.rawValue) + CampaignKeys.all

  /// Throws `ConfigError`, `CampaignError`.
  package init(contentsOf url: URL) throws {
    try self.init(ConfigFile(contentsOf: url, keys: Self.known, isOpen: true, isGiven: true))
  }

  /// The template of a file that has this text. Throws `ConfigError`, `CampaignError`.
  init(yaml: String, name: String) throws {
    try self.init(ConfigFile(yaml: yaml, name: name, keys: Self.known, isOpen: true))
  }

  private init(_ yaml: ConfigFile) throws {
    let known = Self.known
    file = yaml.name
    func origin(_ key: String) -> ConfigOrigin { .file(yaml.name, line: yaml.lines[key]) }
    var own = yaml.values.filter { Key(rawValue: $0.key) != nil }
    if let drawn = own[Key.seeds.rawValue]?.drawingSeeds() {
      own[Key.seeds.rawValue] = drawn.node
      drawnSeeds = drawn.seeds
    } else {
      drawnSeeds = []
    }
    let values = try decodeOptions(Values.self, from: own, origin: origin)
    request = try CampaignKeys.request(yaml.values, origin: origin)
    seeds = try values.seeds.map { try Self.distinct($0, Key.seeds.rawValue, origin) }
    strengths = try values.strengths.map { try Self.distinct($0, Key.strengths.rawValue, origin) }
    if let wrong = strengths?.first(where: { !$0.isFinite }) {
      throw ConfigError.invalidValue(
        key: Key.strengths.rawValue, origin: origin(Key.strengths.rawValue), found: "\(wrong)",
        allowed: "numbers")
    }
    func template(_ text: String, _ key: String) throws -> PromptTemplate {
      try PromptTemplate(text, key: key, position: position(yaml.name, yaml.lines[key]))
    }
    prompt = try template(values.prompt, Key.prompt.rawValue)
    negative = try request.options.negative.map {
      try template($0, DrawingOptions.schema.key(of: \.$negative))
    }

    let lists = yaml.values.keys.filter { !known.contains($0) }.sorted()
    let wanted = prompt.names + (negative?.names ?? [])
    for name in lists where !wanted.contains(name) {
      let placeholder = nearestName(to: name, in: wanted.filter { !lists.contains($0) })
      if placeholder == nil, let foreign = CampaignKeys.foreign(name) {
        throw ConfigError.unknownKey(
          name, file: yaml.name, line: yaml.lines[name], foreign: foreign, nearest: nil,
          known: known)
      }
      throw CampaignError.unused(
        name, position: position(yaml.name, yaml.lines[name]),
        nearest: placeholder ?? nearestName(to: name, in: known))
    }
    var found: [List] = []
    for name in wanted where !found.contains(where: { $0.name == name }) {
      guard let node = yaml.values[name] else {
        throw CampaignError.noList(
          name, position: position(yaml.name, yaml.lines[Key.prompt.rawValue]),
          nearest: nearestName(to: name, in: lists))
      }
      let place = position(yaml.name, yaml.lines[name])
      let nodes = node.sequence.map(Array.init) ?? [node]
      guard !nodes.isEmpty else { throw CampaignError.empty(name, position: place) }
      found.append(
        List(
          name: name,
          entries: try CampaignEntry.entries(nodes, list: name, file: yaml.name, place: place),
          isSingle: node.sequence == nil))
    }
    self.lists = found
  }

  private static func distinct<Value: Hashable>(
    _ values: [Value], _ key: String, _ origin: (String) -> ConfigOrigin
  ) throws -> [Value] {
    let name = origin(key).naming(key)
    guard !values.isEmpty else { throw CampaignError.empty(key, position: name) }
    var seen: Set<Value> = []
    for value in values where !seen.insert(value).inserted {
      throw CampaignError.twice("\(value)", position: name)
    }
    return values
  }

  /// The keys of a template besides lists and options.
  private struct Values: Decodable {
    let prompt: String
    let seeds: [UInt64]?
    let strengths: [Double]?
  }
}

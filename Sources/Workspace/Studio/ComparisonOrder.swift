import Drawing
import Files
import Foundation
package import Options
package import RunLog
import StableDiffusion

/// A comparison as the page and scripts order it: checkpoints, prompts, seeds, and drawing options by their
/// keys.
package struct ComparisonOrder: Sendable {
  /// Fields that the table of drawing options does not have.
  package enum Field: String, CaseIterable {
    /// Runs or checkpoints, such as `7` or `7@500`.
    case checkpoints
    /// Empty: the run's sample prompts.
    case prompts
    /// Empty: the run's sample seeds.
    case seeds
    /// Strengths of the adapters. Empty: 1.
    case strengths
    /// Whether there is a column of the base model alone.
    case base
  }

  /// The fields as they were given.
  package let fields: [String: JSONValue]
  private let references: [String]
  private let prompts: [String]
  private let seeds: [String]
  private let strengths: [String]
  private let hasBase: Bool
  private let options: OptionOverrides<DrawingOptions>

  /// Reads the fields of an order. Throws `StudioError`.
  package init(_ fields: [String: JSONValue]) throws(StudioError) {
    let fields = fields.filter { $0.value != .null }
    self.fields = fields
    func texts(_ field: Field) throws(StudioError) -> [String] {
      try fields[field.rawValue]?.orderTexts(of: field.rawValue) ?? []
    }
    references = try texts(.checkpoints)
    prompts = try texts(.prompts)
    seeds = try texts(.seeds)
    strengths = try texts(.strengths)
    hasBase = fields[Field.base.rawValue] != .bool(false)
    options = try OptionOverrides(
      fields, besides: Set(Field.allCases.map(\.rawValue)), refusing: Self.refused)
  }

  /// Whether an order may set an option.
  package static func isAllowed(_ option: OptionEntry) -> Bool { !refused.contains(option.key) }

  /// The comparison in the words of the project. Throws `StudioError`, `ConfigError`, `DrawingRequestError`.
  func wish(in project: ProjectFolder) throws -> ComparisonPlan.Wish {
    guard !references.isEmpty else {
      throw StudioError.otherType(
        Field.checkpoints.rawValue, allowed: "a list of runs or checkpoints")
    }
    var wish = ComparisonPlan.Wish(
      try references.map { (text) throws(StudioError) in try CheckpointReference(ordered: text) })
    wish.prompts = prompts.filter { !$0.allSatisfy(\.isWhitespace) }
    wish.seeds = try Self.numbers(seeds, of: .seeds, "whole numbers from 0 on") { UInt64($0) }
    wish.strengths = try Self.numbers(strengths, of: .strengths, "numbers") {
      Double($0).flatMap { $0.isFinite ? $0 : nil }
    }
    wish.hasBase = hasBase
    var layers = OptionLayers<DrawingOptions>()
    layers.add(options)
    let request = try DrawingRequest(layers)
    try request.check()
    try project.checkModels(request.options)
    wish.request = request
    return wish
  }

  private static func numbers<Number>(
    _ texts: [String], of field: Field, _ allowed: String, _ read: (String) -> Number?
  ) throws(StudioError) -> [Number] {
    var numbers: [Number] = []
    for text in texts {
      guard let number = read(text.trimmingCharacters(in: .whitespaces)) else {
        throw .otherType(field.rawValue, allowed: allowed)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Prompts, seeds, adapters and start images are those of the comparison.
  private static let refused: Set = {
    let schema = DrawingOptions.schema
    return Set([
      schema.key(of: \.$prompt), schema.key(of: \.$seed), schema.key(of: \.$count),
      schema.key(of: \.$loras), schema.key(of: \.$strength), schema.key(of: \.$mergeAdapters),
      schema.key(of: \.$embeddings),
      schema.key(of: \.$vae), schema.key(of: \.$image), schema.key(of: \.$imageStrength),
      schema.key(of: \.$threads),
    ])
  }()
}

extension CheckpointReference {
  /// Reads the reference of an order. Throws `StudioError.otherType`.
  init(ordered text: String) throws(StudioError) {
    do {
      self = try Self.parse(text)
    } catch {
      throw .otherType(
        PictureOrder.Field.run.rawValue,
        allowed: "the number of a run, or a run and a step as in 7@500")
    }
  }
}

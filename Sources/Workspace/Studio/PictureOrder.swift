import Drawing
import Files
import Foundation
import Options
package import RunLog

/// Pictures to draw, as the page and scripts order them: the drawing options by their keys, and what the
/// studio adds. Files of the computer cannot be named: models are installed ones or those of runs, start
/// images are pictures of the gallery, and LoRA files are those of the project.
package struct PictureOrder: Sendable {
  /// Fields that the table of drawing options does not have.
  package enum Field: String, CaseIterable {
    /// A run, such as `7` or `7@500`, whose newest or named checkpoint draws.
    case run
    /// A second checkpoint, or `base`, that draws the same pictures.
    case against
  }

  /// The options, as they were given.
  package let fields: [String: JSONValue]

  let options: OptionOverrides<DrawingOptions>
  let run: String?
  let against: String?
  /// LoRA files or checkpoints with their strengths, such as `7@500:0.8`.
  let adapters: [String]

  /// Reads the fields of an order. Throws `StudioError`.
  package init(_ fields: [String: JSONValue]) throws(StudioError) {
    self.fields = fields.filter { $0.value != .null }
    var own: [Field: String] = [:]
    for field in Field.allCases {
      own[field] = try self.fields[field.rawValue]?.orderText(of: field.rawValue)
    }
    adapters = try self.fields[Self.adaptersKey]?.orderTexts(of: Self.adaptersKey) ?? []
    options = try OptionOverrides(
      self.fields, besides: Self.ownKeys, refusing: Self.refused)
    run = own[.run]
    against = own[.against]
  }

  /// The fields that an order may have.
  package static var keys: [String] {
    Field.allCases.map(\.rawValue)
      + DrawingOptions.schema.options.map(\.key).filter { !refused.contains($0) }
  }

  /// The same order with another value for an option.
  func setting(_ key: String, to value: JSONValue) throws(StudioError) -> PictureOrder {
    try PictureOrder(fields.merging([key: value]) { $1 })
  }

  /// The number of threads is the server's: a change would last.
  private static let refused: Set = [DrawingOptions.schema.key(of: \.$threads)]

  private static let adaptersKey = DrawingOptions.schema.key(of: \.$loras)

  private static let ownKeys = Set(Field.allCases.map(\.rawValue) + [adaptersKey])
}

public import Foundation
import Images

/// How a subject of the demonstration looks, and its prompt.
public struct SubjectAppearance: Sendable {
  /// The subject's name, as in Datasets.
  public let name: String
  /// The words for it in a prompt.
  public let words: String
  /// Backgrounds that none of its training images has.
  public let testBackgrounds: [PaletteColor]
  /// The positions of its areas of colour.
  public let layout: ColorLayout
  /// It is present only below this `PictureFinding.templateDistance`.
  public let templateDistanceLimit: Double

  /// The folder with its templates.
  public var templates: URL {
    Bundle.module.bundleURL.appending(path: "Templates/\(name)")
  }

  /// All subjects that can be recognised.
  public static let all = [dhoni, teapot, rocket]

  /// The appearance of the subject of a name. Throws `DemoScoresError`.
  public static func named(_ name: String) throws(DemoScoresError) -> SubjectAppearance {
    guard let appearance = all.first(where: { $0.name == name }) else {
      throw .unknownSubject(name, known: all.map(\.name))
    }
    return appearance
  }

  /// The prompt for the subject on a background.
  public func prompt(on background: PaletteColor) -> String {
    "a photo of \(words) on \(background.withArticle) background"
  }
}

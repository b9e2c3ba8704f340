/// In how many pictures a subject is, and how many have the background that was asked for.
public struct SubjectScore: Sendable, Equatable, Codable {
  /// Pictures looked at.
  public let pictures: Int
  /// Those with the subject.
  public let recognised: Int
  /// Those with the background that was asked for; nil where none was.
  public let backgroundAsAsked: Int?

  /// Counts findings; `asked` holds the background asked for in each picture, or is nil.
  public init(_ findings: [PictureFinding], asked: [PaletteColor]? = nil) {
    pictures = findings.count
    recognised = findings.count { $0.isPresent }
    backgroundAsAsked = asked.map { asked in
      zip(findings, asked).count { $0.background == $1.rawValue }
    }
  }

  /// The scores in one line: `subject recognised in 21 of 24 pictures; base 0 of 24; background as
  /// asked in 24 of 24`.
  public func line(base: SubjectScore? = nil) -> String {
    var parts = ["subject recognised in \(recognised) of \(pictures) pictures"]
    if let base { parts.append("base \(base.recognised) of \(base.pictures)") }
    if let backgroundAsAsked {
      parts.append("background as asked in \(backgroundAsAsked) of \(pictures)")
    }
    return parts.joined(separator: "; ")
  }
}

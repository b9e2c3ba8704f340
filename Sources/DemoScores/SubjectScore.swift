/// How many pictures show a subject, and how many have the background of their prompt.
public struct SubjectScore: Sendable, Equatable, Codable {
  /// Number of pictures.
  public let pictures: Int
  /// Pictures with the subject.
  public let recognised: Int
  /// Pictures with the background of their prompt; nil: the prompts are not known.
  public let backgroundAsAsked: Int?

  /// Counts findings. `asked` contains the background in the prompt of each picture.
  public init(_ findings: [PictureFinding], asked: [PaletteColor]? = nil) {
    pictures = findings.count
    recognised = findings.count { $0.isPresent }
    backgroundAsAsked = asked.map { asked in
      zip(findings, asked).count { $0.background == $1.rawValue }
    }
  }

  /// The scores in one line: `subject recognised in 21 of 24 pictures; base 0 of 24; background
  /// right in 24 of 24`.
  public func line(base: SubjectScore? = nil) -> String {
    var parts = ["subject recognised in \(recognised) of \(pictures) pictures"]
    if let base { parts.append("base \(base.recognised) of \(base.pictures)") }
    if let backgroundAsAsked {
      parts.append("background right in \(backgroundAsAsked) of \(pictures)")
    }
    return parts.joined(separator: "; ")
  }
}

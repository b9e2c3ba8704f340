import DemoScores
import Foundation

/// The scores of the pictures, as a line or as JSON.
struct ScoreReport: Encodable {
  let subject: String
  /// The scored files; nil: the command drew the pictures.
  var files: [String]?
  let score: SubjectScore
  let findings: [PictureFinding]
  var baseScore: SubjectScore?
  var baseFindings: [PictureFinding]?

  /// The report on existing pictures.
  init(subject: String, files: [String], findings: [PictureFinding]) {
    self.subject = subject
    self.files = files
    self.findings = findings
    score = SubjectScore(findings)
  }

  /// The report on pictures drawn with an adapter, and with the base model alone if there are any.
  init(
    subject: String, findings: [PictureFinding], base: [PictureFinding]?, asked: [PaletteColor]
  ) {
    self.subject = subject
    self.findings = findings
    score = SubjectScore(findings, asked: asked)
    baseFindings = base
    baseScore = base.map { SubjectScore($0, asked: asked) }
  }

  var line: String { score.line(base: baseScore) }

  /// One document; keys in snake_case.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

import DemoScores
import Foundation

/// What is told about the pictures, as a line or as JSON.
struct ScoreReport: Encodable {
  let subject: String
  /// The files looked at; nil for pictures drawn here.
  var files: [String]?
  let score: SubjectScore
  let findings: [PictureFinding]
  var baseScore: SubjectScore?
  var baseFindings: [PictureFinding]?

  /// The report on pictures that were there.
  init(subject: String, files: [String], findings: [PictureFinding]) {
    self.subject = subject
    self.files = files
    self.findings = findings
    score = SubjectScore(findings)
  }

  /// The report on pictures drawn with and without an adapter.
  init(
    subject: String, findings: [PictureFinding], base: [PictureFinding], asked: [PaletteColor]
  ) {
    self.subject = subject
    self.findings = findings
    score = SubjectScore(findings, asked: asked)
    baseFindings = base
    baseScore = SubjectScore(base, asked: asked)
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

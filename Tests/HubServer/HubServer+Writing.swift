import Foundation

/// The answers to writing requests.
extension HubServer {
  /// The Hub's own answers.
  func answerToWriting(_ request: Request) -> Answer { Answer(404) }

  /// Keeps a large file, or a part of one.
  func store(_ request: Request, sha256: String, part: String?) -> Answer { Answer(404) }
}

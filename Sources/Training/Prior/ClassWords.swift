/// The words in captions that stand for the subject and its class.
public struct ClassWords: Codable, Sendable, Equatable {
  /// The word for the subject, such as `sks`.
  public var subject: String
  /// The word for its class, such as `dog`.
  public var subjectClass: String

  private enum CodingKeys: String, CodingKey {
    case subject
    case subjectClass = "class"
  }
}

/// The word that stands for the subject, and what could be done about problems.
extension DatasetReport {
  /// A problem that commands mend.
  public struct Fix: Sendable, Equatable {
    /// What is odd, in one sentence.
    public let why: String
    /// Shell commands, one after another.
    public let commands: [String]
  }

  /// What can be mended by commands, unusable files first.
  public var fixes: [Fix] {
    (unusable.map { Fix(why: $0.description, commands: $0.commands) }
      + problems.map { Fix(why: $0.description, commands: $0.commands) })
      .filter { !$0.commands.isEmpty }
  }

  /// The word that captions are expected to hold.
  public var trigger: String { dataset?.subject.token ?? config.subject }

  /// The images whose caption does not hold the trigger.
  public var imagesWithoutTrigger: [String] {
    let token = Dataset.words(of: trigger)
    return images.filter { !Dataset.words(of: $0.caption).contains(token) }.map(\.image.name)
  }
}

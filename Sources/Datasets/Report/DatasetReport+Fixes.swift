/// The word for the subject, and the commands that fix problems.
extension DatasetReport {
  /// A problem that commands fix.
  public struct Fix: Sendable, Equatable {
    /// The problem in one sentence.
    public let why: String
    /// Shell commands in the order to run them.
    public let commands: [String]
  }

  /// The problems that commands fix, unusable files first.
  public var fixes: [Fix] {
    (unusable.map { Fix(why: $0.description, commands: $0.commands) }
      + problems.map { Fix(why: $0.description, commands: $0.commands) })
      .filter { !$0.commands.isEmpty }
  }

  /// The word that captions should contain.
  public var trigger: String { dataset?.subject.token ?? config.subject }

  /// The images whose caption does not contain the trigger.
  public var imagesWithoutTrigger: [String] {
    let token = Dataset.words(of: trigger)
    return images.filter { !Dataset.words(of: $0.caption).contains(token) }.map(\.image.name)
  }
}

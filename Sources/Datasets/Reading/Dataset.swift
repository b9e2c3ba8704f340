public import Foundation

/// The pictures of a subject, their captions, and what is odd about them.
public struct Dataset: Sendable, Equatable {
  /// The folder.
  public let directory: URL
  /// What is trained.
  public let subject: Subject
  /// The images, sorted by the bytes of their names.
  public let images: [DatasetImage]
  /// What is odd about the folder, whatever is done with it.
  public let problems: [DatasetProblem]
  /// Whether these pictures stand beside the subject's own, and are named with their folder.
  let isCompanion: Bool
}

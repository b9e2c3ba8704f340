public import Foundation

/// The images of a subject, their captions and their problems.
public struct Dataset: Sendable, Equatable {
  /// The dataset folder.
  public let directory: URL
  /// The subject that the images show.
  public let subject: Subject
  /// The images, sorted by the bytes of their names.
  public let images: [DatasetImage]
  /// The problems of the folder that do not depend on the configuration.
  public let problems: [DatasetProblem]
  /// Whether the images are used beside the subject's own, as class images and validation images
  /// are. Problems then name their folder.
  let isCompanion: Bool
}

import Foundation
import Options
import TestSupport
import Training

extension TrainingConfig {
  /// The configuration of a subject's file with these lines.
  static func reading(_ yaml: String) throws -> TrainingConfig {
    let folder = try TemporaryFolder()
    try folder.write("subject: dog\n\(yaml)", to: "dog.yaml")
    return try load(
      OptionOverrides(), file: folder.url.appending(path: "dog.yaml"), folder: folder.url)
  }
}

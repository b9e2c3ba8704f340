import Foundation
import Options
import TestSupport
import Testing
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

/// Expects that a subject's file with these lines is an error that ends with a text.
func expectRefusal(
  of yaml: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(sourceLocation: sourceLocation) {
    try TrainingConfig.reading(yaml)
  } throws: {
    "\($0)".hasSuffix(expected) ? true : Issue.record("\($0)") != nil
  }
}

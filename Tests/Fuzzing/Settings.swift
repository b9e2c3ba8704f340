import Foundation
import TestSupport

@testable import Datasets
@testable import Drawing
@testable import Options
@testable import Training

extension FuzzTarget {
  /// YAML files.
  static let settings = [configuration, subject, campaign]

  private static let configuration = FuzzTarget("configuration") { bytes in
    let file = try Scratch.file("configuration", "dog.yaml", bytes)
    let config = try TrainingConfig.load(
      OptionOverrides(), file: file, folder: file.deletingLastPathComponent(), needsSubject: false)
    _ = config.yaml
  }

  private static let subject = FuzzTarget("subject") { bytes in
    _ = try SubjectFile(contentsOf: Scratch.file("subject", "subject.yaml", bytes))
  }

  private static let campaign = FuzzTarget("campaign") { bytes in
    let template = try CampaignTemplate(
      contentsOf: Scratch.file("campaign", "campaign.yaml", bytes))
    _ = try Campaign(template, flags: DrawingRequest()).pictures
  }
}

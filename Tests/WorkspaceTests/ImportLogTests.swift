import Foundation
import Options
import TestSupport
import Testing
import Training

@testable import Workspace

/// Settings of other programs for TensorBoard.
@Suite struct ImportLogTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func project(_ name: String, _ text: String) throws -> ImportedProject {
    let url = folder.url.appending(path: name)
    try Data(text.utf8).write(to: url)
    return try ImportedProject(contentsOf: url, subject: "dog")
  }

  private func tensorboard(_ project: ImportedProject) throws -> String? {
    let url = folder.url.appending(path: "dog.yaml")
    try Data(project.yaml.utf8).write(to: url)
    return try TrainingConfig.load(OptionOverrides(), file: url, folder: folder.url).tensorboard
  }

  private static let kohya =
    "sdxl_train_network.py --network_module networks.lora --train_data_dir d"
  private static let diffusers = "train_dreambooth_lora_sdxl.py --instance_data_dir d"

  @Test(
    "A folder for logs becomes one for event files, unless another tracker is used",
    arguments: [
      (kohya, "", nil), (kohya, "--logging_dir logs/a", "logs/a"),
      (kohya, "--logging_dir logs --log_with tensorboard", "logs"),
      (kohya, "--logging_dir logs --log_with all", "logs"),
      (kohya, "--logging_dir logs --log_with wandb", nil),
      (diffusers, "", nil), (diffusers, "--report_to tensorboard", "logs"),
      (diffusers, "--report_to wandb", nil), (diffusers, "--logging_dir l --report_to all", "l"),
    ] as [(String, String, String?)])
  func folders(script: String, flags: String, expected: String?) throws {
    let project = try project("train.sh", "python \(script) \(flags)\n")
    #expect(try tensorboard(project) == expected)
    #expect(!project.notes.contains { $0.fate == .unknown }, "\(project.notes)")
    let isOther = flags.contains("wandb")
    #expect(project.notes.contains { $0.setting.hasSuffix("= wandb") } == isOther)
  }
}

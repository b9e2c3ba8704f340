import Foundation

@testable import Training
@testable import Workspace

extension FuzzTarget {
  /// Files of other trainers.
  static let imports = [kohyaTOML, trainingScript, samplePrompts]

  private static let kohyaTOML = FuzzTarget(
    "kohya-toml", seeds: { files(in: fixtures, endings: ["toml"]) },
    read: { bytes in
      _ = try ImportedProject(contentsOf: Scratch.file("kohya-toml", "dog.toml", bytes))
    })

  private static let trainingScript = FuzzTarget(
    "training-script", seeds: { files(in: fixtures, endings: ["sh"]) },
    read: { bytes in
      _ = try ImportedProject(contentsOf: Scratch.file("training-script", "train.sh", bytes))
    })

  private static let samplePrompts = FuzzTarget("sample-prompts") { bytes in
    let file = try Scratch.file("sample-prompts", "prompts.txt", bytes)
    let setting = ForeignSetting(
      name: "sample_prompts", value: .text(file.path), place: "dog.toml line 1")
    var draft = ImportDraft()
    try KohyaPrompts(setting).apply(to: &draft)
    draft.removeRefused()
  }

  private static let fixtures = "Tests/CommandTests/Fixtures/import"
}

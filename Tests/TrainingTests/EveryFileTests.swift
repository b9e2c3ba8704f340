import Foundation
import Testing

@testable import Datasets

@Suite("Every file of a dataset")
struct EveryFileTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  @Test("in random folders every file is trained on, used or named", arguments: 0..<40)
  func property(seed: Int) throws {
    var random = Draws(seed: UInt64(seed))
    let stems = ["1", "2", "IMG", "img", "1-mask", "2_mask", "mask", "metadata", "subject", "a.b"]
    let endings = [
      ".png", ".PNG", ".jfif", ".txt", ".TXT", ".caption", ".json", ".csv", ".jsonl", ".tags", "",
      ".psd", ".mp4", ".zip", ".npz", ".safetensors", ".parquet", ".yml", ".md", ".png.txt", " ",
      ".dat", ".png ",
    ]
    let folders = ["", "", "", "3_sks dog/", "masks/", "more/", "validation/", "3_x/in/", ".git/"]
    try dog.write("trigger: sks", to: "subject.yaml")
    let contents: [Data] = [
      try DatasetFixture.grey(seed), DatasetFixture.transparent, Data("a dog".utf8), Data(),
      Data(#"{"caption": "a dog", "tags": "x"}"#.utf8),
      Data(#"{"1.png": {"caption": "a dog"}}"#.utf8), Data("file_name,text\n1.png,a".utf8),
      Data([0xFF, 0xD8, 0xFF, 0]),
    ]
    try dog.writeImages("sure.png", "validation/sure.png")
    for path in ["sure.txt", "validation/sure.txt"] { try dog.write("sure", to: path) }
    for _ in 0..<60 {
      let name = random.element(stems) + random.element(endings)
      let hidden = random.element(["", "", "", "", "."])
      let path = random.element(folders) + hidden + name
      do {
        try dog.write(random.element(contents), to: path)
      } catch CocoaError.fileWriteInvalidFileName {
        continue
      }
    }
    try dog.link("link", to: random.element(["nowhere", "sure.png", "."]))
    try expectRoles(in: dog.url) { try dog.survey() }
    let validation = dog.url.appending(path: "validation", directoryHint: .isDirectory)
    try expectRoles(in: validation) {
      try Dataset.companionSurvey(directory: validation, caption: "a photo of dog")
    }
  }

  /// Expects that each file of a dataset is an image of it, is named, or changes what the images are
  /// trained with, which its removal shows.
  private func expectRoles(in folder: URL, _ read: () throws -> DatasetSurvey) throws {
    try expectNames(of: read(), in: folder)
    // The captions and masks of an image that cannot be used change nothing.
    var survey = try read()
    while !survey.unusable.isEmpty {
      for file in survey.unusable {
        try FileManager.default.removeItem(at: folder.appending(path: file.name))
      }
      survey = try read()
    }
    try expectNames(of: survey, in: folder)
    let aside = dog.url.deletingLastPathComponent().appending(path: "aside")
    for file in survey.files
    where ["caption", "metadata", "mask", "settings"].contains(file.role.name) {
      let place = folder.appending(path: file.path)
      try FileManager.default.moveItem(at: place, to: aside)
      let without = try read()
      try FileManager.default.moveItem(at: aside, to: place)
      #expect(without.dataset != survey.dataset, "\(file.path) is \(file.role) and changes nothing")
    }
  }

  /// Expects that every file has a role, is in the dataset if it is an image, and is named if it is not
  /// used.
  private func expectNames(of survey: DatasetSurvey, in folder: URL) throws {
    let roles = Dictionary(uniqueKeysWithValues: survey.files.map { ($0.path, $0.role) })
    let named = survey.named
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      // The folder of validation images is another dataset.
      if path == "validation" || path.hasPrefix("validation/") { continue }
      let place = folder.appending(path: path)
      if DatasetFolder.isFolder(place) == true { continue }
      let parts = path.split(separator: "/")
      let places = parts.indices.map { parts[...$0].joined(separator: "/") }
      let role = try #require(places.lazy.compactMap { roles[$0] }.first, "\(path) has no role")
      switch role {
      case .image:
        #expect(survey.dataset?.images.contains { $0.url.path == place.path } == true, "\(path)")
      case .unused, .unusable:
        #expect(places.contains { named.contains($0) }, "\(path) is \(role) and not named")
      case .caption, .metadata, .mask, .settings, .system, .validation: break
      }
    }
  }
}

extension DatasetSurvey {
  /// The files that problems name.
  fileprivate var named: Set<String> {
    let prefix = dataset.map { $0.isCompanion ? "\($0.subject.name)/" : "" } ?? ""
    let files = (dataset?.problems ?? []).flatMap(\.files)
    return Set(files.map { String($0.dropFirst(prefix.count)) } + unusable.map(\.name))
  }
}

/// Draws that follow from a seed.
private struct Draws {
  let seed: UInt64
  private var count = 0

  init(seed: UInt64) { self.seed = seed }

  mutating func element<T>(_ list: [T]) -> T {
    count += 1
    return list[
      CounterRandom.index(below: list.count, seed: seed, step: 0, sample: count, purpose: .order)]
  }
}

import Datasets
import Foundation
import Testing

@Suite("Datasets of several folders")
struct DatasetFoldersTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  @Test(
    "kohya's folders give repeats and captions; images are sorted by the bytes of their names")
  func kohya() throws {
    try dog.writeImages("b.png", "3_sks dog/02.png", "3_sks dog/01.png", "007_x_y/1.png", "B.png")
    try dog.write("a sks dog, sitting", to: "3_sks dog/02.txt")
    try dog.write("sks", to: "B.txt")
    let images = try dog.load().images
    #expect(
      images.map(\.name) == [
        "007_x_y/1.png", "3_sks dog/01.png", "3_sks dog/02.png", "B.png", "b.png",
      ])
    #expect(images.map(\.repeats) == [7, 3, 3, 1, 1])
    #expect(
      images.map(\.caption) == ["x_y", "sks dog", "a sks dog, sitting", "sks", "a photo of dog"])
    #expect(
      try dog.problems() == [
        "b.png: no caption in a .txt file of the same name, \"a photo of dog\" is used"
      ])
  }

  @Test("subject.yaml repeats its own images and lists folders; its values override folder names")
  func listed() throws {
    try dog.writeImages("1.png", "closeups/1.png", "2_far away/1.png", "../more/1.png", "4_x/1.png")
    let outside = dog.url.deletingLastPathComponent().path
    try dog.writeImages("../absolute/1.png")
    try dog.write(
      """
      repeats: 2
      folders:
        - path: closeups/
          repeats: 3
          caption: a close-up photo of sks dog
        - {path: 2_far away, repeats: 5}
        - path: ../more
        - path: 4_x
          caption: other words
        - path: \(outside)/absolute
      """, to: "subject.yaml")
    let images = try dog.load().images
    #expect(
      images.map { "\(dog.short($0.name)) x\($0.repeats) \($0.caption)" } == [
        "../more/1.png x1 a photo of dog",
        "\(outside)/absolute/1.png x1 a photo of dog".replacing(outside + "/", with: ""),
        "1.png x2 a photo of dog",
        "2_far away/1.png x5 far away",
        "4_x/1.png x4 other words",
        "closeups/1.png x3 a close-up photo of sks dog",
      ])
  }

  @Test(
    "a dataset may consist of folders only; unread folders are noted, except validation")
  func unread() throws {
    try dog.writeImages("2_a/1.png", "more/1.png", "validation/1.png", "2_a/deeper/1.png")
    try dog.write("x", to: "5_empty/1.txt")
    #expect(
      try dog.problems() == [
        "5_empty/1.txt: no image of the same name, not read",
        "2_a/deeper: not read; a folder two levels deep is read only if subject.yaml lists it under "
          + "folders",
        "5_empty: contains no image",
        "more: not read; a folder inside a dataset is read only if its name is like 3_sks dog "
          + "(repeats and caption) or subject.yaml lists it under folders",
      ])
    #expect(try dog.load().images.map(\.name) == ["2_a/1.png"])
  }

  @Test(
    "a number that cannot be repeats is noted, with the command for a name that is read once",
    arguments: ["0_trip", "10001_trip", "20240501_trip", "99999999999999999999_trip"])
  func implausible(name: String) throws {
    try dog.writeImages("1.png", "\(name)/1.png")
    try dog.write("dog", to: "1.txt")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.problems() == [
        "\(name): not read; the number is how often an epoch repeats the images, and must be from 1 "
          + "to 10000"
      ])
    #expect(try dog.commands() == ["mv dog/\(name) dog/1_trip"])
    try dog.write("folders: [{path: \(name)}]", to: "subject.yaml")
    #expect(try dog.load().images.map(\.repeats) == [1, 1])
  }

  @Test(
    "folders with names of another form than kohya's are not read",
    arguments: ["3_", "_x", "3x", "3 x", "-3_x", "٣_x"])
  func otherNames(name: String) throws {
    try dog.writeImages("1.png", "\(name)/1.png")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
  }

  @Test("links in a circle are errors, and a folder that is reached twice is read once")
  func links() throws {
    try dog.writeImages("1.png", "2_a/1.png")
    try dog.write("dog", to: "1.txt")
    try dog.link("3_again", to: "2_a")
    try dog.link("3_self", to: ".")
    #expect(
      try dog.problems() == [
        "3_again: the same folder as 2_a, not read again",
        "3_self: the same folder as the dataset itself, not read again",
      ])
    #expect(try dog.load().images.count == 2)
    try dog.link("4_loop", to: "4_loop")
    try dog.link("loop.png", to: "loop.png")
    let survey = try dog.survey()
    #expect(survey.dataset?.images.count == 2)
    #expect(
      survey.unusable.map { dog.short($0.description) } == [
        "dog/4_loop cannot be read (Too many levels of symbolic links); check its permissions and "
          + "the disk.",
        "dog/loop.png cannot be read (Too many levels of symbolic links); check its permissions "
          + "and the disk.",
      ])
    #expect(survey.unusable.map(\.name) == ["4_loop", "loop.png"])
  }

  @Test("the dataset folder itself under folders is named", arguments: [".", "./", "./."])
  func ownFolder(path: String) throws {
    try dog.writeImages("1.png")
    try dog.write("dog", to: "1.txt")
    try dog.write("folders: [{path: \(path)}]", to: "subject.yaml")
    #expect(
      try dog.problems() == [".: the same folder as the dataset itself, not read again"])
  }

  @Test("a link to something that does not exist is an error that names its target")
  func danglingLinks() throws {
    func expected(_ link: String) -> String {
      "\(link) is a link to gone, which does not exist; mount its disk, or correct the link."
    }
    try dog.writeImages("1.png")
    try dog.link("subject.yaml", to: "gone")
    #expect(dog.sentence() == expected("dog/subject.yaml"))
    try FileManager.default.removeItem(at: dog.url.appending(path: "subject.yaml"))
    try dog.write("folders: [{path: more}]", to: "subject.yaml")
    try dog.link("more", to: "gone")
    #expect(dog.sentence() == expected("dog/more"))
    try FileManager.default.removeItem(at: dog.url)
    try dog.link("", to: "gone")
    #expect(dog.sentence() == expected("dog"))
  }

  @Test("a pipe as subject.yaml is an error, and nothing waits for it")
  func pipe() throws {
    try dog.writeImages("1.png")
    #expect(mkfifo(dog.url.appending(path: "subject.yaml").path, 0o600) == 0)
    #expect(
      dog.sentence()
        == "dog/subject.yaml cannot be read: it is not a regular file; replace it with one.")
  }

  @Test(
    "errors in subject.yaml",
    arguments: [
      (
        "folders: [{path: gone}]",
        "There is no folder dog/gone, which dog/subject.yaml lists under folders; correct its path, "
          + "which is relative to the dataset folder, or remove it from the list."
      ),
      (
        "folders:\n  - {path: 2_a, repeat: 3}",
        "dog/subject.yaml line 2: there is no option \"repeat\"; did you mean \"repeats\"?"
      ),
      (
        "folders: [{path: 2_a, repeats: many}]",
        "dog/subject.yaml line 1: folders: repeats is \"many\", but must be a whole number."
      ),
      (
        "folders: [{path: 2_a, repeats: 0}]",
        "dog/subject.yaml line 1: folders is repeats: 0 for 2_a, but must be a whole number from 1 "
          + "to 10000."
      ),
      (
        "folders: [{repeats: 2}]",
        "dog/subject.yaml line 1: folders: path is nothing, but must be set."
      ),
      (
        "folders: 2_a",
        "dog/subject.yaml line 1: folders is \"2_a\", but must be a list of folders such as "
          + "{path: closeups, repeats: 3}."
      ),
      (
        "repeats: 0",
        "dog/subject.yaml line 1: repeats is 0, but must be a whole number from 1 to 10000."
      ),
      (
        "focus: [0.5, 1.5]",
        "dog/subject.yaml line 1: focus is a list, but must be two numbers from 0 to 1, such as "
          + "[0.5, 0.3], for all images, or one such pair for each image name."
      ),
      (
        "num_repeats: 3",
        "dog/subject.yaml line 1: there is no option \"num_repeats\"; num_repeats of sd-scripts is "
          + "repeats here."
      ),
      (
        "folders: [{path: 2_a, num_repeats: 3}]",
        "dog/subject.yaml line 1: there is no option \"num_repeats\"; num_repeats of sd-scripts is "
          + "repeats here."
      ),
      (
        "trigger: sks\nrank: 8",
        "dog/subject.yaml line 2: there is no option \"rank\"; rank belongs in a configuration file, "
          + "such as Configs/default.yaml."
      ),
    ])
  func refused(yaml: String, expected: String) throws {
    try dog.writeImages("1.png", "2_a/1.png")
    try dog.write(yaml, to: "subject.yaml")
    #expect(dog.sentence() == expected)
  }
}

import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Which files of a dataset are masks")
struct DatasetMasksTests {
  private let dog: DatasetFixture

  init() throws { dog = try DatasetFixture() }

  @Test(
    "a mask under the names of other programs belongs to its image",
    arguments: [
      "1-mask.png", "1_mask.png", "1.mask.png", "1-masklabel.png", "1_masklabel.PNG",
      "1-mask.jfif", "1 mask.png", "mask_1.png", "1.png-mask.png", "masks/1.png", "mask/1_mask.png",
      "masks/1", "masks/1.tga", "masks/mask_1.png",
    ])
  func masks(name: String) throws {
    try dog.writeImages("1.png", name)
    try dog.write("a dog", to: "1.txt")
    let images = try dog.load().images
    #expect(images.map(\.name) == ["1.png"])
    #expect(images[0].mask == .file(dog.url.appending(path: name)))
    #expect(try dog.roles()[name] == .mask)
    #expect(try dog.problems().filter { !$0.hasPrefix("\(name): the extension") } == [])
  }

  @Test(
    "a mask without its image is named and not trained on",
    arguments: [
      "2-mask.png", "2_mask.png", "2.mask.png", "masklabel.png", "mask.png", "2-masklabel.png",
      "masks/2.png",
    ])
  func orphans(name: String) throws {
    try dog.writeImages("1.png", name)
    try dog.write("unread", to: "2.psd")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.problems().contains(
        "\(name): a mask without its image, not read; an image of its own needs another name, or a "
          + "caption"))
  }

  @Test("an image with a caption and the name of a mask is one of its own, unless it has an image")
  func namedAsMask() throws {
    try dog.writeImages("carnival-mask.png", "iron_mask.png", "1.png", "1-mask.png", "mask_2.png")
    try dog.write("a mask", to: "carnival-mask.txt")
    try dog.write("a mask", to: "1-mask.txt")
    try dog.write(#"{"file_name": "iron_mask.png", "text": "a mask"}"#, to: "metadata.jsonl")
    #expect(
      try dog.load().images.map(\.name) == [
        "1.png", "carnival-mask.png", "iron_mask.png", "mask_2.png",
      ])
    #expect(
      try dog.problems().contains(
        "carnival-mask.png, iron_mask.png: trained as images, since they have captions and are no "
          + "image's mask, although their names are those of masks"))
    #expect(try dog.roles()["1-mask.txt"] == .unused("no image of the same name, not read"))
  }

  @Test(
    "an image with a name such as mask_1 and a caption is trained on beside the image 1",
    arguments: [
      ("mask_1.txt", "a mask"), ("MASK_1.TXT", "a mask"),
      ("metadata.jsonl", #"{"file_name": "mask_1.png", "text": "a mask"}"#),
    ])
  func captionedMask(file: String, content: String) throws {
    try dog.writeImages("1.png", "mask_1.png", "mask_2.png", "2.png")
    try dog.write(content, to: file)
    let images = try dog.load().images
    #expect(images.map(\.name) == ["1.png", "2.png", "mask_1.png"])
    #expect(images.map { $0.mask != nil } == [false, true, false])
    #expect(images[2].caption == "a mask")
    #expect(
      try dog.problems().contains {
        $0.hasPrefix("mask_1.png: trained as images, since they have captions")
      })
  }

  @Test(
    "a folder whose images all have the names of masks is an error that names them",
    arguments: ["gas-mask.png", "iron_mask.png", "masks/1.png"])
  func onlyMasks(name: String) throws {
    try dog.writeImages(name)
    #expect(
      dog.sentence()
        == "dog contains no image, only masks by their names (\(name)); if they are images, move or "
        + "rename them or give them captions, and if they are masks, put their images beside them.")
    try dog.write(#"{"file_name": "\#(name)", "text": "a mask"}"#, to: "metadata.jsonl")
    #expect(try dog.load().images.map(\.name) == [name])
  }

  @Test(
    "a file with the name of a mask in another form is named and not trained on beside its image",
    arguments: [
      "1-mask (1).png", "1-mask - Copy.png", "1-masks.png", "1_alpha.png", "1-matte.png",
      "1mask.png", "1-mask-2.png", "mask1.png", "1-seg.png", "1 masks (2).PNG",
    ])
  func likelyMasks(name: String) throws {
    try dog.writeImages("1.png", name)
    try dog.write("a dog", to: "1.txt")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.problems() == [
        "\(name): not read, since the name is that of a mask of another image; a mask needs a name "
          + "such as 01-mask.png, and an image of its own needs another name, or a caption"
      ])
    try dog.write(#"{"file_name": "\#(name)", "text": "a mask"}"#, to: "metadata.jsonl")
    #expect(try dog.load().images.count == 2)
    try FileManager.default.removeItem(at: dog.url.appending(path: "metadata.jsonl"))
    try dog.write("a mask", to: "\(name.dropLast(4)).txt")
    #expect(try dog.load().images.count == 2)
    #expect(
      try dog.problems().contains {
        $0.hasPrefix("\(name): trained as images, since they have captions")
      })
    try FileManager.default.removeItem(at: dog.url.appending(path: "\(name.dropLast(4)).txt"))
    try FileManager.default.removeItem(at: dog.url.appending(path: "1.png"))
    try dog.writeImages("2.png")
    #expect(try dog.load().images.map(\.name).contains(name), "there is no image 1")
  }

  @Test("images whose names only contain the word are trained on without captions")
  func photographsOfMasks() throws {
    let names = ["carnival-mask-2.png", "masked ball.png", "masks (1).png", "unmasked.png"]
    for name in names { try dog.writeImages(name) }
    #expect(try Set(dog.load().images.map(\.name)) == Set(names))
  }

  @Test("what a folder of masks contains besides masks is named with its reason")
  func maskFolder() throws {
    try dog.writeImages("1.png", "2.png", "masks/.1.png", "masks/in/1.png")
    try dog.write("x", to: "masks/1.xyz")
    try dog.link("masks/link", to: "nowhere")
    try dog.link("masks/2.png", to: "nowhere")
    #expect(mkfifo(dog.url.appending(path: "masks/pipe").path, 0o600) == 0)
    let survey = try dog.survey()
    #expect(survey.unusable.map(\.name) == ["masks/2.png"])
    let found = survey.files.filter { $0.path.hasPrefix("masks/") }.map {
      "\($0.path): \($0.role.reason?.prefix(15) ?? "")"
    }
    #expect(
      found == [
        "masks/.1.png: hidden, not rea", "masks/1.xyz: neither an imag",
        "masks/2.png: \(dog.url.path.prefix(15))", "masks/in: a folder in a f",
        "masks/link: a link that lea", "masks/pipe: no regular file",
      ])
  }

  @Test("a folder such as 3_mask is named, and is read only if subject.yaml lists it")
  func kohyaMasks() throws {
    try dog.writeImages("3_sks dog/1.png", "3_mask/1.png")
    #expect(try dog.load().images.map(\.name) == ["3_sks dog/1.png"])
    #expect(
      try dog.problems() == [
        "3_mask: not read, since it has the name of a folder of masks; rename it to masks if it "
          + "contains the masks of these images, or list it in subject.yaml under folders if it "
          + "contains images of the subject"
      ])
    try dog.write("folders: [{path: 3_mask}]", to: "subject.yaml")
    #expect(try dog.load().images.map(\.name) == ["3_mask/1.png", "3_sks dog/1.png"])
  }

  @Test(
    "a folder such as 5_dog mask is named if its images are those of 5_dog and have no captions",
    arguments: ["5_dog mask", "1_masks", "5_dog_masks", "1_dog alpha"])
  func kohyaLikelyMasks(folder: String) throws {
    try dog.writeImages("5_dog/1.png", "5_dog/2.png", "\(folder)/1.png", "\(folder)/2.png")
    #expect(try dog.load().images.map(\.name) == ["5_dog/1.png", "5_dog/2.png"])
    #expect(
      try dog.problems().map { String($0.prefix(folder.count + 10)) } == ["\(folder): not read"])
  }

  @Test("a folder such as 5_gas mask is read if its images are other ones, or have captions")
  func kohyaPhotographsOfMasks() throws {
    try dog.writeImages("5_gas/1.png", "5_gas mask/2.png", "3_dog/1.png", "3_dog mask/1.png")
    try dog.write("a mask", to: "3_dog mask/1.txt")
    #expect(try dog.load().images.count == 4)
  }

  @Test(
    "a mask fits an image of its shape, up to the rounding of its sides",
    arguments: [
      (256, 128, true), (64, 32, true), (25, 13, true), (512, 256, true), (512, 258, false),
      (1, 1, false),
      (3, 1, false), (128, 256, false), (256, 120, false),
    ])
  func shapes(width: Int, height: Int, fits: Bool) {
    #expect(
      PixelSize(width: width, height: height).fits(PixelSize(width: 256, height: 128)) == fits)
  }

  @Test("a folder of masks that subject.yaml lists is one of images")
  func listedMasks() throws {
    try dog.writeImages("1.png", "masks/1.png")
    try dog.write("folders: [{path: masks}]", to: "subject.yaml")
    #expect(try dog.load().images.map(\.name) == ["1.png", "masks/1.png"])
  }

  @Test("OneTrainer's conditioning images are named")
  func conditioning() throws {
    try dog.writeImages("1.png", "1-condlabel.png")
    #expect(try dog.load().images.map(\.name) == ["1.png"])
    #expect(
      try dog.roles()["1-condlabel.png"] == .unused("a conditioning image of OneTrainer, not read"))
  }
}

/// The masks among the files of a folder, and the images that have the names of masks.
struct FolderMasks {
  /// What an image file is for.
  enum Purpose {
    case image
    case mask
    case unused(Unused)
  }

  /// Masks by the name of their image, as paths in the folder. The first of a list is used.
  private(set) var byImage: [String: [String]] = [:]
  /// Masks that belong to no image, as paths in the folder.
  private(set) var orphans: [String] = []
  /// Images whose names are those of masks, but that have captions of their own.
  private(set) var namedAsMask: [String] = []

  /// Masks with names such as `mask_dog`.
  private var possible: [String] = []
  /// Files that are not used, since they have names such as `dog-mask (1)`.
  private var likely: [String] = []

  /// Decides by its name what an image file is for.
  ///
  /// - Parameters:
  ///   - others: The image files without the names of masks.
  ///   - isCaptioned: Whether the file has a caption of its own.
  mutating func purpose(
    of name: String, among others: ImageNames, isCaptioned: Bool
  ) -> Purpose {
    let stem = name.fileStem
    let owners = MaskName.owner(of: stem).map(others.owners)
    let possibleOwners = MaskName.possibleOwner(of: stem).map(others.owners) ?? []
    let isLikely = MaskName.likelyOwners(of: stem).contains { !others.owners($0).isEmpty }
    if MaskName.isConditioning(stem) {
      return .unused(.conditioning)
    } else if let owners, !(owners.isEmpty && isCaptioned) {
      add(name, of: owners)
      return .mask
    } else if owners == nil, !possibleOwners.isEmpty, !isCaptioned {
      add(name, of: possibleOwners)
      possible.append(name)
      return .mask
    } else if owners == nil, isLikely, !isCaptioned {
      likely.append(name)
      return .unused(.likelyMask)
    }
    if owners != nil || !possibleOwners.isEmpty || isLikely { namedAsMask.append(name) }
    return .image
  }

  /// Adds a mask of some images; of none, it is an orphan.
  mutating func add(_ path: String, of owners: [String]) {
    if owners.isEmpty { orphans.append(path) }
    // Two Unicode forms of one name are one key.
    for owner in Set(owners) { byImage[owner, default: []].append(path) }
  }

  /// Makes images of the masks with names such as `mask_dog` and `dog-mask (1)` that have captions in
  /// metadata. Returns their names.
  mutating func separate(_ isCaptioned: (String) -> Bool) -> [String] {
    let images = (likely + possible).filter(isCaptioned)
    byImage = byImage.mapValues { $0.filter { !images.contains($0) } }.filter { !$0.value.isEmpty }
    namedAsMask += images
    return images
  }

  /// Takes out an image that is not used. Returns its masks.
  mutating func remove(_ image: String) -> [String] {
    namedAsMask.removeAll { $0 == image }
    return byImage.removeValue(forKey: image) ?? []
  }

  /// The images of a mask in a folder of masks.
  static func owners(ofMask stem: String, among names: ImageNames) -> [String] {
    [MaskName.owner(of: stem), MaskName.possibleOwner(of: stem), stem].lazy
      .compactMap { $0 }.map(names.owners).first { !$0.isEmpty } ?? []
  }
}

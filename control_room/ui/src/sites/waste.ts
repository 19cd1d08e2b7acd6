/** Codes of the European Waste Catalogue that are offered, the usual ones first, as `control_room/sites/waste.py`. */
export const WASTE_CLASSES = [
  '20 03 07',
  '20 03 01',
  '17 09 04',
  '17 01 07',
  '17 02 01',
  '17 06 05*',
  '16 01 03',
  '16 01 04*',
  '20 01 36',
  '20 01 23*',
  '20 01 38',
  '20 01 39',
  '20 02 01',
  '15 01 06',
  '13 02 08*',
] as const;

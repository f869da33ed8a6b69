import type { FamilyMemberState, FamilyState } from '../../electron/contract/family.ts';
import type { SetupState } from '../../electron/contract/setup.ts';

/** The editions with the newest word about each: a journey may have asked after the family was looked at. */
export function familyOfRepo(
  family: FamilyState | undefined,
  journeys: readonly SetupState[],
): readonly FamilyMemberState[] {
  return (family?.members ?? []).map((member) => {
    const told = journeys.find(({ repo }) => repo === member.repo)?.licence;
    const newer = told && told.state !== 'unknown' && told.checkedAt > (member.licence?.checkedAt ?? 0);
    return newer ? { ...member, licence: told } : member;
  });
}

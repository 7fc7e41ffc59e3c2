-- Verify reinvestment:left_shifts
begin;
select alliance_id, id, version, monthly_volume, surplus_pence from reinvestment.left_shift where false;
select alliance_id, id, version, monthly_volume, surplus_pence from reinvestment.left_shift_version where false;
rollback;
